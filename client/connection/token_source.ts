import type { FileEventsOptions } from "../options.ts";

/** Where tokens come from. */
export interface TokenSource {
  /**
   * Returns a token, or none if nobody is signed in. `fresh` asks for another one than the last.
   *
   * @throws If it can't be known now.
   */
  readonly get: (options: { fresh: boolean }) => Promise<string | null | undefined>;
  /** Calls `onToken` with each token that is reported, and with `null` at a sign-out. */
  readonly watch?: (onToken: (token: string | null) => void, signal: AbortSignal) => void;
}

export function tokenSource({ supabase, getToken }: FileEventsOptions): TokenSource {
  if (!supabase) return { get: async (options) => await getToken(options) };
  const { auth } = supabase;
  return {
    async get({ fresh }) {
      const { data, error } = await (fresh ? auth.refreshSession() : auth.getSession());
      // From 400 to 404, the Auth server has refused the session. Anything else is an outage.
      if (error && !(error.status! > 399 && error.status! < 405)) throw error;
      return data.session?.access_token;
    },
    watch(onToken, signal) {
      const { data } = auth.onAuthStateChange((event, session) => {
        if (session) onToken(session.access_token);
        // At load, a session that could not be refreshed is reported as none too.
        else if (event === "SIGNED_OUT") onToken(null);
      });
      signal.addEventListener("abort", () => data.subscription.unsubscribe());
    },
  };
}
