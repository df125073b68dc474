import type { Caller } from "../stream/caller.ts";
import { ChangesError } from "../stream/changes_since.ts";
import type { Clock } from "../clock.ts";
import { createLimiter } from "../limiter.ts";
import type { Log } from "../log.ts";
import type { QueryChanges } from "./query_changes.ts";
import { type FaultKind, QueryError } from "./query_error.ts";

export interface JudgeFaultsOptions {
  /** Whether Auth refuses the token. Rejects if Auth can't judge it. */
  readonly isRefusedByAuth: (token: string) => Promise<boolean>;
  readonly clock: Pick<Clock, "now">;
  /** It is called for each failure, so it should drop repeated lines. */
  readonly log: Log;
}

/** A sequence of failures of the same kind, without a success in between, for one caller. */
interface Streak {
  readonly kind: FaultKind;
  /** When the first failure happened, in milliseconds since the Unix epoch. */
  readonly since: number;
  /**
   * What Auth says about the token. "not asked": nothing yet, so it is asked at the next refusal.
   * "asked": it has not answered yet, or it accepts the token. "refused": it refuses the token.
   */
  auth: "not asked" | "asked" | "refused";
}

/**
 * A fault ends a stream only if it lasts this long, in milliseconds. PostgREST reloads its schema
 * and its keys while it answers, so a single refusal proves nothing after a migration or a key
 * rotation.
 */
const LASTING_MS = 5_000;
/** The reason of `closing` when a fault lasts. */
const END = { "token-refused": "token-expired", "setup": "setup-required" } as const;
/** How many tokens Auth is asked about at the same time. Few, so that new streams need not wait. */
const MAX_AUTH_REQUESTS = 4;

/**
 * Decides which faults last and end streams, for all streams of an isolate, and logs faults.
 *
 * A `setup` fault that lasts ends the stream with `setup-required`. A token that PostgREST has
 * refused for that time ends the stream with `token-expired`, but only if the token itself is at
 * fault. That is so if PostgREST has accepted another token since, or if Auth refuses this one too.
 * Otherwise the project is at fault: a new token would not help the client, so the stream stays and
 * queries again.
 */
export function judgeFaults(
  queryChanges: QueryChanges,
  { isRefusedByAuth, clock, log }: JudgeFaultsOptions,
): QueryChanges {
  const streaks = new WeakMap<Caller, Streak>();
  const limit = createLimiter(MAX_AUTH_REQUESTS);
  /** The token that PostgREST accepted last, and when. */
  let latest = { token: "", at: -Infinity };
  /** The last other token that PostgREST accepted before that, and when. */
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
      // Auth could not judge the token, so it will be asked again at the next refusal.
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
