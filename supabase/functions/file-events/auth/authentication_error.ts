/** Stable codes, which a client is told as they are. */
export type AuthenticationErrorCode =
  /** There is no token. */
  | "AUTH_REQUIRED"
  /** It is not a token of a signed-in user of this project. */
  | "AUTH_INVALID"
  /** It has expired, or is about to. */
  | "AUTH_EXPIRED"
  /** Auth could not judge it. */
  | "UPSTREAM_UNAVAILABLE"
  /** Too many tokens wait for Auth. */
  | "OVERLOADED";

/** A token was not accepted. The message is for the client, the cause for the log alone. */
export class AuthenticationError extends Error {
  override readonly name = "AuthenticationError";

  constructor(readonly code: AuthenticationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }

  /** Whether the token is at fault. Otherwise it may be good, and the same request may succeed later. */
  get isTokenFault(): boolean {
    return this.code.startsWith("AUTH_");
  }
}
