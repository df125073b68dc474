/**
 * - `loading`: the list of files is not known yet
 * - `live`: the list is up to date, and changes arrive as they happen
 * - `reconnecting`: the list is as old as the loss of the connection; the next attempt follows
 * - `offline`: the same, and the browser says that it has no network
 * - `signed-out`: there is no token, or the server refuses it. The list is empty. Signing in with
 *   supabase-js continues by itself; with `getToken`, call `reconnect()`
 * - `refused`: the server refuses the request and would refuse it again, so that nothing is repeated
 * - `closed`: `close()` was called
 */
export type ConnectionState =
  | "loading"
  | "live"
  | "reconnecting"
  | "offline"
  | "signed-out"
  | "refused"
  | "closed";

export interface ConnectionStatus {
  readonly state: ConnectionState;
  /**
   * Why the last connection ended or the last attempt failed; empty while nothing is wrong.
   * - a reason of `closing`, such as `max-duration` or `setup-required`
   * - a code of the server, such as `AUTH_EXPIRED` or `OVERLOADED`
   * - `status-502`: any other answer than 200, with its status
   * - `not-a-stream`: the answer was 200 and no event stream, such as a page of another service
   * - `invalid-event`: an event was not what the protocol says
   * - `network`: no answer came, or the answer broke off
   * - `cut`: the answer ended without a word
   * - `silence`: nothing came for too long
   * - `token`: no token could be had, and it is not known whether anybody is signed in
   */
  readonly reason: string;
  /** `polling`: something on the way holds streams back. */
  readonly transport: Transport;
}

/** How files arrive: by one request that stays open, or by one request after another. */
export type Transport = "stream" | "polling";
