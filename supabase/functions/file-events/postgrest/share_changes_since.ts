import type { Caller } from "../stream/caller.ts";
import type { ChangesPage, ChangesSince } from "../stream/changes_since.ts";
import type { Clock } from "../clock.ts";
import { createLimiter } from "../limiter.ts";
import type { QueryChanges } from "./query_changes.ts";

interface WaitingQuery {
  /** The caller whose token the query will use: of all that wait, the one that expires last. */
  caller: Caller;
  readonly page: Promise<ChangesPage>;
  /** The signals of the streams that wait for the answer. */
  readonly signals: AbortSignal[];
}

/** How many queries of one isolate run at the same time. */
const MAX_QUERIES = 8;
/** How long a query may wait for its turn, in milliseconds. */
const MAX_WAIT_MS = 10_000;

/**
 * Runs at most 8 queries at once. Equal queries that still wait become one query.
 *
 * A query that has begun is not shared, because its answer may lack changes that a new query must
 * return. After an outage all streams query at once, and then those of one user cost one query. A
 * query whose streams have all ended is dropped. A query that has waited too long rejects, and its
 * streams retry.
 */
export function shareChangesSince(
  queryChanges: QueryChanges,
  clock: Pick<Clock, "now">,
): ChangesSince {
  const limit = createLimiter(MAX_QUERIES);
  const waiting = new Map<string, WaitingQuery>();
  return (caller, query, { signal }) => {
    const { since, fileIds, snapshot } = query;
    const key = JSON.stringify([caller.userId, caller.rights, since, fileIds, snapshot]);
    const equal = waiting.get(key);
    if (equal) {
      equal.signals.push(signal);
      // The token that expires last is the most likely to be valid when the query begins.
      if (caller.expiresAt > equal.caller.expiresAt) equal.caller = caller;
      return equal.page;
    }
    const askedAt = clock.now();
    const page = limit(async () => {
      // Wait for one microtask, so that equal queries of the same instant can be shared.
      await Promise.resolve();
      const mine = waiting.get(key)!;
      waiting.delete(key);
      if (mine.signals.every(({ aborted }) => aborted)) {
        throw new DOMException("Nobody waits for the changes", "AbortError");
      }
      if (clock.now() - askedAt > MAX_WAIT_MS) {
        throw new DOMException("Too many queries wait for the database", "TimeoutError");
      }
      return await queryChanges(mine.caller, query);
    });
    waiting.set(key, { caller, page, signals: [signal] });
    return page;
  };
}
