import { awaitChange, describeChange } from "../await_change.ts";
import { readRevision, returnsFile } from "../catch_up.ts";
import type { Link } from "../link.ts";
import { broken, ok, skipped } from "../verdict.ts";

/** Does a change of the row become an event? */
export const updateLink: Link = {
  name: "update",
  title: "A changed row becomes an event",
  async check(visit) {
    const { canary, follower, waits } = visit;
    const before = await readRevision(visit);
    const position = follower!.arrivals.length;
    const { result, ids, words } = await canary!.update();
    const changedAt = Date.now();
    visit.signal.throwIfAborted();
    if (result === "unknown") return broken("data-api-unavailable", words);
    if (result === "refused") return broken("canary-refused", words);
    if (result === "forbidden" || ids.length === 0) {
      return skipped("this user may not update the row: pass --database-url to check this too");
    }
    const after = await readRevision(visit);
    if (typeof after === "number" && after === before) return broken("tracking-missing");
    const change = await awaitChange(visit, {
      eventType: "file-update",
      position,
      changedAt,
      untilMs: waits.eventMs,
    });
    if (!change) {
      const isReturned = await returnsFile(visit, canary!.id!);
      return broken(isReturned === false ? "query-misses-row" : "event-missing");
    }
    if (change.kind === "held") return broken("buffered", describeChange(change));
    return ok(describeChange(change));
  },
};
