import type { Outcome } from "./outcome.ts";
import type { FileEvent } from "./protocol.ts";

/** What is used of a supabase-js client. */
export interface SupabaseClientLike {
  readonly auth: {
    getSession(): Promise<SessionResult>;
    refreshSession(): Promise<SessionResult>;
    onAuthStateChange(
      callback: (event: string, session: SessionLike | null) => void,
    ): { data: { subscription: { unsubscribe(): void } } };
  };
}

export interface SessionLike {
  readonly access_token: string;
}

export interface SessionResult {
  readonly data: { readonly session: SessionLike | null };
  readonly error: { readonly status?: number | undefined } | null;
}

/**
 * Returns an access token, or `null` if nobody is signed in. It is called at each attempt to connect,
 * and for each poll. `fresh` asks for another token than the last one, because the server has refused
 * that. If it throws, the client tries again later, unless the error has a `status` from 400 to 404:
 * then nobody is signed in.
 */
export type GetToken = (options: { fresh: boolean }) => string | null | Promise<string | null>;

export interface CommonOptions {
  /** The URL of the Supabase project, such as `https://<project>.supabase.co`. */
  readonly url: string;
  /** The project's publishable key. */
  readonly key: string;
  /** Only these files, at most 100; all of the user's files by default. */
  readonly fileIds?: readonly string[];
  /**
   * What the values of `status` mean; `{ ready: "ready", failed: "failed" }` by default. With any other
   * value a file is in progress.
   */
  readonly statuses?: Readonly<Record<string, Outcome>>;
  /** Called with each event as it arrives, before the list has changed: for logs and tests. */
  readonly onEvent?: (event: FileEvent, id: string | undefined) => void;
  /** Closes when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Sends the requests; the global `fetch` by default. */
  readonly fetch?: typeof fetch | undefined;
}

export type FileEventsOptions =
  & CommonOptions
  & (
    | { readonly supabase: SupabaseClientLike; readonly getToken?: never }
    | { readonly getToken: GetToken; readonly supabase?: never }
  );
