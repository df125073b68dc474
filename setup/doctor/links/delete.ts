import { awaitChange, describeChange } from "../await_change.ts";
import { hasTombstone } from "../catch_up.ts";
import type { Link } from "../link.ts";
import { broken, ok } from "../verdict.ts";

/** Does the deletion of the row become an event? */
export const deleteLink: Link = {
  name: "delete",
  title: "A deleted row becomes an event",
  async check(visit) {
    const { canary, follower, waits } = visit;
    const position = follower!.arrivals.length;
    const { words } = await canary!.remove();
    const changedAt = Date.now();
    visit.signal.throwIfAborted();
    if (canary!.isLeft) return broken("canary-left", words);
    const expected = { eventType: "file-deleted", position, changedAt } as const;
    let change = await awaitChange(visit, { ...expected, untilMs: waits.liveMs });
    if (!change) {
      if (await hasTombstone(visit, canary!.id!) === false) return broken("tombstone-missing");
      change = await awaitChange(visit, { ...expected, untilMs: waits.eventMs });
    }
    if (!change) return broken("event-missing", `no file-deleted in ${waits.eventMs / 1000} s`);
    if (change.kind === "held") return broken("buffered", describeChange(change));
    // A change has come live before.
    if (change.kind === "late") return broken("broadcast-missing", describeChange(change));
    return ok(describeChange(change));
  },
};
