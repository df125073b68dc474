import type { Caller } from "../auth/authenticate.ts";
import type { ChangesPage, ChangesSince } from "./changes_since.ts";
import { createLimiter } from "./limiter.ts";

interface Waiting {
  caller: Caller;
  readonly page: Promise<ChangesPage>;
}

/** Queries of one isolate that run at the same time. */
const MAX_QUERIES = 8;

/**
 * Lets at most 8 queries run at once, and answers equal ones that still wait with one result.
 *
 * A query that has begun is never joined: its answer may lack what the newcomer asks for. After an
 * outage, when all streams ask at once, those of one user thus cost one query.
 */
export function shareChangesSince(changesSince: ChangesSince): ChangesSince {
  const limit = createLimiter(MAX_QUERIES);
  const waiting = new Map<string, Waiting>();
  return (caller, query) => {
    const { since, fileIds, snapshot } = query;
    const key = JSON.stringify([caller.userId, caller.assuranceLevel, since, fileIds, snapshot]);
    const equal = waiting.get(key);
    if (equal) {
      // The token that lives longest is the likeliest to be good when the turn comes.
      if (caller.expiresAt > equal.caller.expiresAt) equal.caller = caller;
      return equal.page;
    }
    const page = limit(async () => {
      // What is asked in this very instant may still join.
      await Promise.resolve();
      const mine = waiting.get(key);
      waiting.delete(key);
      return await changesSince(mine?.caller ?? caller, query);
    });
    waiting.set(key, { caller, page });
    return page;
  };
}
