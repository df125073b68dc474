import { awaitChange, describeChange } from "../await_change.ts";
import { Canary } from "../canary.ts";
import { readRevision, returnsFile } from "../catch_up.ts";
import { createDataApiWriter } from "../data_api_writer.ts";
import { createDatabaseWriter } from "../database_writer.ts";
import type { FaultCode } from "../faults.ts";
import type { Link } from "../link.ts";
import { broken, ok } from "../verdict.ts";
import type { Visit } from "../visit.ts";

const FAULT_OF: Readonly<Record<"forbidden" | "refused" | "unknown", FaultCode>> = {
  forbidden: "canary-not-allowed",
  refused: "canary-refused",
  unknown: "data-api-unavailable",
};

/** Does a new row become an event? */
export const insertLink: Link = {
  name: "insert",
  title: "A new row becomes an event",
  async check(visit) {
    const { follower, waits } = visit;
    const canary = visit.canary = createCanary(visit);
    const position = follower!.arrivals.length;
    const { result, words } = await canary.insert();
    const changedAt = Date.now();
    visit.signal.throwIfAborted();
    if (result !== "done") return broken(FAULT_OF[result], words);
    const revision = await readRevision(visit);
    if (revision === "hidden") return broken("canary-hidden");
    if (revision === 0) return broken("tracking-missing");
    const untilMs = waits.eventMs;
    const change = await awaitChange(visit, {
      eventType: "file-update",
      position,
      changedAt,
      untilMs,
    });
    if (!change) {
      const isReturned = await returnsFile(visit, canary.id!);
      return broken(
        isReturned === false ? "query-misses-row" : "event-missing",
        `no event in ${untilMs / 1000} s`,
      );
    }
    if (change.kind === "held") return broken("buffered", describeChange(change));
    visit.isLive = change.kind === "live";
    return ok(describeChange(change));
  },
};

function createCanary(visit: Visit): Canary {
  const { askToWrite, complaint: { mapping, canary }, signedIn, database } = visit;
  const { userId, token } = signedIn!;
  const asUser = createDataApiWriter(
    (path, { headers, ...options } = {}) =>
      askToWrite(path, { ...options, headers: { ...headers, authorization: `Bearer ${token}` } }),
    mapping,
  );
  return new Canary({
    mapping,
    userId,
    more: canary,
    writers: database ? [asUser, createDatabaseWriter(database, mapping)] : [asUser],
  });
}
