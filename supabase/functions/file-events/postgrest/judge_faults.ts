import type { Caller } from "../stream/caller.ts";
import { ChangesError } from "../stream/changes_since.ts";
import type { Clock } from "../clock.ts";
import { createLimiter } from "../limiter.ts";
import type { Log } from "../log.ts";
import type { QueryChanges } from "./query_changes.ts";
import { type FaultKind, QueryError } from "./query_error.ts";

export interface JudgeFaultsOptions {
  /**
   * Whether Auth refuses the token. Rejects if Auth can't be asked.
   */
  readonly isRefusedByAuth: (token: string) => Promise<boolean>;
  readonly clock: Pick<Clock, "now">;
  /** Gets a line for each failure, so it should drop repeated ones. */
  readonly log: Log;
}

/** Failures of the same kind in a row, for one caller. */
interface Streak {
  readonly kind: FaultKind;
  /** When the first of them happened, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** What Auth says about the token; "asked" until it answers, and also if it accepts the token. */
  auth: "not asked" | "asked" | "refused";
}

/**
 * A fault must last this long before a stream ends for it. PostgREST reloads its schema and its keys
 * while it answers, so that a single refusal proves nothing right after a migration or a rotation.
 */
const LASTING_MS = 5_000;
/** How a stream ends when a fault lasts. */
const END = { "token-refused": "token-expired", "setup": "setup-required" } as const;
/** Tokens that Auth is asked about at the same time: new streams must not wait for these. */
const MAX_AUTH_REQUESTS = 4;

/**
 * Tells faults that last from those that pass, for all streams of an isolate, and logs both.
 *
 * A `setup` fault that lasts gets the end `setup-required`. A token that PostgREST has refused for as
 * long gets the end `token-expired`, but only if the token itself is at fault: if PostgREST has
 * accepted another token since, or if Auth refuses this one too. Else the project is at fault: a
 * client with a new token would fare no better, so the stream stays and asks again.
 */
export function judgeFaults(
  queryChanges: QueryChanges,
  { isRefusedByAuth, clock, log }: JudgeFaultsOptions,
): QueryChanges {
  const streaks = new WeakMap<Caller, Streak>();
  const limit = createLimiter(MAX_AUTH_REQUESTS);
  /** The last time that PostgREST accepted a token, and the last time for a different one. */
  let latest = { token: "", at: -Infinity };
  let previous = latest;

  function accepted({ token }: Caller): void {
    if (token !== latest.token) previous = latest;
    latest = { token, at: clock.now() };
  }

  function hasAcceptedAnother({ token }: Caller, since: number): boolean {
    return (latest.token === token ? previous : latest).at > since;
  }

  /** Never rejects. */
  async function askAuth(token: string, streak: Streak): Promise<void> {
    streak.auth = "asked";
    try {
      if (await limit(() => isRefusedByAuth(token))) streak.auth = "refused";
    } catch {
      // Auth could not judge the token, so it is asked again at the next refusal.
      streak.auth = "not asked";
    }
  }

  function judge({ message, fault }: QueryError, caller: Caller): ChangesError {
    const { kind, status, code, advice } = fault;
    const fields = { user: caller.userId, code, status, error: message, advice };
    if (kind === "unavailable") {
      log("warn", "catch-up failed", fields);
      return new ChangesError(message, { isRefusal: false });
    }
    let streak = streaks.get(caller);
    if (streak?.kind !== kind) {
      streak = { kind, since: clock.now(), auth: "not asked" };
      streaks.set(caller, streak);
    }
    const lasts = clock.now() - streak.since >= LASTING_MS;
    const end = lasts ? END[kind] : undefined;
    if (kind === "token-refused") {
      const isTokenFault = hasAcceptedAnother(caller, streak.since) || streak.auth === "refused";
      if (isTokenFault) return new ChangesError(message, { isRefusal: true, end });
      if (streak.auth === "not asked") void askAuth(caller.token, streak);
    }
    if (!lasts) log("warn", "catch-up failed", fields);
    else log("error", kind === "setup" ? "setup required" : "tokens refused", fields);
    return new ChangesError(message, { isRefusal: true, ...(kind === "setup" && { end }) });
  }

  return async (caller, query) => {
    try {
      const page = await queryChanges(caller, query);
      streaks.delete(caller);
      accepted(caller);
      return page;
    } catch (error) {
      throw error instanceof QueryError ? judge(error, caller) : error;
    }
  };
}
