import type { FileEventsOptions } from "../options.ts";

/** Where tokens come from. */
export interface TokenSource {
  /**
   * Returns a token, or none if nobody is signed in. `fresh` asks for another one than the last.
   *
   * @throws {{ status?: number }} A status from 400 to 404 says that the session was refused. Without
   * one, it can't be known now.
   */
  readonly get: (options: { fresh: boolean }) => Promise<string | null | undefined>;
  /** Calls `onToken` with the token of each sign-in, and with `null` at a sign-out. */
  readonly watch?: (onToken: (token: string | null) => void, signal: AbortSignal) => void;
}

export function tokenSource({ supabase, getToken }: FileEventsOptions): TokenSource {
  if (!supabase) return { get: async (options) => await getToken(options) };
  const { auth } = supabase;
  return {
    async get({ fresh }) {
      const { data, error } = await (fresh ? auth.refreshSession() : auth.getSession());
      if (error) throw error;
      return data.session?.access_token;
    },
    watch(onToken, signal) {
      const { data } = auth.onAuthStateChange((event, session) => {
        // A refreshed token is used by the next attempt. It is no reason for one: of tokens that are
        // all refused, each would be refreshed, in other tabs too.
        if (session && event !== "TOKEN_REFRESHED") onToken(session.access_token);
        // At load, a session that could not be refreshed is reported as none too.
        if (event === "SIGNED_OUT") onToken(null);
      });
      signal.addEventListener("abort", () => data.subscription.unsubscribe());
    },
  };
}
