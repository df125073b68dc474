import type { SessionResult, SupabaseClientLike } from "../../client/options.ts";
import { unsignedToken } from "../support/access_tokens.ts";

/** A token of a user; each number makes another one with the same rights. */
export function tokenOf(user: string, exp = 1): string {
  return unsignedToken({ sub: user, exp });
}

/** The part of a supabase-js client that the client uses, with a session that a test sets. */
export class FakeAuth {
  token: string | null;
  /** What a refresh gives in place of the token; `null` ends the session. */
  refreshed: string | null;
  /** What `getSession` and `refreshSession` fail with. */
  error: { status?: number } | null = null;
  /** The calls of `getSession` and `refreshSession`, in order. */
  readonly calls: string[] = [];
  listeners = 0;
  #report: (event: string, session: { access_token: string } | null) => void = () => {};

  constructor(token: string | null, refreshed: string | null = token) {
    this.token = token;
    this.refreshed = refreshed;
  }

  get client(): SupabaseClientLike {
    const answer = (call: string, token: string | null): Promise<SessionResult> => {
      this.calls.push(call);
      const { error } = this;
      const session = token === null || error ? null : { access_token: token };
      return Promise.resolve({ data: { session }, error });
    };
    return {
      auth: {
        getSession: () => answer("getSession", this.token),
        refreshSession: () => {
          if (!this.error) this.token = this.refreshed;
          return answer("refreshSession", this.token);
        },
        onAuthStateChange: (callback) => {
          this.listeners++;
          this.#report = callback;
          return { data: { subscription: { unsubscribe: () => void this.listeners-- } } };
        },
      },
    };
  }

  /** Reports a change of the session, which becomes the current one. */
  report(event: string, token: string | null): void {
    this.token = token;
    this.#report(event, token === null ? null : { access_token: token });
  }
}
