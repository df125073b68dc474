import type { Authenticate, Caller } from "../auth/authenticate.ts";
import type { Clock } from "../clock.ts";
import { ChangesError, type FaultKind } from "./changes_error.ts";
import type { ChangesSince } from "./changes_since.ts";
import { HttpError } from "../http/http_error.ts";
import { createLimiter } from "../limiter.ts";
import type { Log } from "../log.ts";

export interface JudgeFaultsOptions {
  /** Judges a token as it does when a stream is opened. */
  readonly authenticate: Authenticate;
  readonly clock: Pick<Clock, "now">;
  /** Takes a line for each failure, so it should leave out repeated ones. */
  readonly log: Log;
}

/** Failures of the same kind in a row, for one caller. */
interface Streak {
  readonly kind: FaultKind;
  /** When the first of them happened, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** What Auth says of the token; "asked" until it answers, and if it accepts the token. */
  auth: "not asked" | "asked" | "refused";
}

/**
 * A fault must last this long before a stream ends for it. PostgREST reloads its schema and its keys
 * while it answers, so that a single refusal proves nothing right after a migration or a rotation.
 */
const LASTING_MS = 5_000;
/** Tokens that Auth is asked about at the same time: newcomers must not wait for them. */
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
  changesSince: ChangesSince,
  { authenticate, clock, log }: JudgeFaultsOptions,
): ChangesSince {
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
      await limit(() => authenticate(token));
    } catch (error) {
      // Any other error: Auth could not judge it, and is asked again at the next refusal.
      streak.auth = error instanceof HttpError && error.status === 401 ? "refused" : "not asked";
    }
  }

  function judge({ message, fault }: ChangesError, caller: Caller): ChangesError {
    const { kind, status, code, advice } = fault;
    const fields = { user: caller.userId, code, status, error: message, advice };
    if (kind === "unavailable") {
      log("warn", "catch-up failed", fields);
      return new ChangesError(message, fault);
    }
    let streak = streaks.get(caller);
    if (streak?.kind !== kind) {
      streak = { kind, since: clock.now(), auth: "not asked" };
      streaks.set(caller, streak);
    }
    const lasts = clock.now() - streak.since >= LASTING_MS;
    if (kind === "token-refused") {
      if (hasAcceptedAnother(caller, streak.since) || streak.auth === "refused") {
        return new ChangesError(message, lasts ? { ...fault, end: "token-expired" } : fault);
      }
      if (streak.auth === "not asked") void askAuth(caller.token, streak);
    }
    if (!lasts) {
      log("warn", "catch-up failed", fields);
      return new ChangesError(message, fault);
    }
    log("error", kind === "setup" ? "setup required" : "tokens refused", fields);
    return new ChangesError(
      message,
      kind === "setup" ? { ...fault, end: "setup-required" } : fault,
    );
  }

  return async (caller, query) => {
    try {
      const page = await changesSince(caller, query);
      streaks.delete(caller);
      accepted(caller);
      return page;
    } catch (error) {
      throw error instanceof ChangesError ? judge(error, caller) : error;
    }
  };
}
