import type { Caller } from "../auth/authenticate.ts";
import type { Clock } from "../clock.ts";
import { createLimiter } from "../limiter.ts";
import type { ChangesPage, ChangesQuery, ChangesSince } from "./changes_since.ts";

/** As {@linkcode ChangesSince}, for a stream that ends with `signal`: it rejects then or later. */
export type SharedChangesSince = (
  caller: Caller,
  query: ChangesQuery,
  options: { signal: AbortSignal },
) => Promise<ChangesPage>;

interface WaitingQuery {
  caller: Caller;
  readonly page: Promise<ChangesPage>;
  /** The streams that want the answer. */
  readonly signals: AbortSignal[];
}

/** Queries of one isolate that run at the same time. */
const MAX_QUERIES = 8;
/** How long a query may wait for its turn, in milliseconds. */
const MAX_WAIT_MS = 10_000;

/**
 * Lets at most 8 queries run at once, and answers equal ones that still wait with one result.
 *
 * A query that has begun is never joined: its answer may lack what the newcomer asks for. After an
 * outage, when all streams ask at once, those of one user thus cost one query. One whose streams
 * have all ended is not asked, and one that has waited too long rejects: its stream will ask again.
 */
export function shareChangesSince(
  changesSince: ChangesSince,
  clock: Pick<Clock, "now">,
): SharedChangesSince {
  const limit = createLimiter(MAX_QUERIES);
  const waiting = new Map<string, WaitingQuery>();
  return (caller, query, { signal }) => {
    const { since, fileIds, snapshot } = query;
    const key = JSON.stringify([caller.userId, caller.rights, since, fileIds, snapshot]);
    const equal = waiting.get(key);
    if (equal) {
      equal.signals.push(signal);
      // The token that lives longest is the likeliest to be good when the turn comes.
      if (caller.expiresAt > equal.caller.expiresAt) equal.caller = caller;
      return equal.page;
    }
    const askedAt = clock.now();
    const page = limit(async () => {
      // What is asked in this very instant may still join.
      await Promise.resolve();
      const mine = waiting.get(key)!;
      waiting.delete(key);
      if (mine.signals.every(({ aborted }) => aborted)) {
        throw new DOMException("Nobody waits for the changes", "AbortError");
      }
      if (clock.now() - askedAt > MAX_WAIT_MS) {
        throw new DOMException("Too many queries wait for the database", "TimeoutError");
      }
      return await changesSince(mine.caller, query);
    });
    waiting.set(key, { caller, page, signals: [signal] });
    return page;
  };
}
