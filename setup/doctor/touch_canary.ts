import { awaitChange, type Change } from "./await_change.ts";
import { readRevision } from "./catch_up.ts";
import type { Visit } from "./visit.ts";

/** What came of an update of the canary. */
export type Touch =
  | { readonly kind: "arrived"; readonly change: Change }
  /** There was no event in time. */
  | { readonly kind: "missing" }
  /** The update has given the row no new revision. */
  | { readonly kind: "not-stamped" }
  | { readonly kind: "forbidden" }
  | { readonly kind: "refused" | "unknown"; readonly words: string | undefined };

/** Updates the canary and waits for the event of it. */
export async function touchCanary(visit: Visit, untilMs: number): Promise<Touch> {
  const { canary, follower } = visit;
  const before = await readRevision(visit);
  for (const asksForRevision of [false, true]) {
    const position = follower!.arrivals.length;
    const { result, ids, words } = await canary!.update({ asksForRevision });
    const changedAt = Date.now();
    visit.signal.throwIfAborted();
    if (result === "refused" || result === "unknown") return { kind: result, words };
    if (result === "forbidden" || ids.length === 0) return { kind: "forbidden" };
    const after = await readRevision(visit);
    if (typeof after === "number" && after === before) continue;
    const eventType = "file-update";
    const change = await awaitChange(visit, { eventType, position, changedAt, untilMs });
    return change ? { kind: "arrived", change } : { kind: "missing" };
  }
  return { kind: "not-stamped" };
}
