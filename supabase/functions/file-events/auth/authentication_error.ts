/** Stable codes. They are sent to the client unchanged. */
export type AuthenticationErrorCode =
  /** There is no token. */
  | "AUTH_REQUIRED"
  /** The token is not one of a signed-in user of this project. */
  | "AUTH_INVALID"
  /** The token has expired or expires soon. */
  | "AUTH_EXPIRED"
  /** Auth could not judge the token. */
  | "UPSTREAM_UNAVAILABLE"
  /** Too many tokens wait for Auth. */
  | "OVERLOADED";

/** A token was not accepted. The message is sent to the client; the cause is only logged. */
export class AuthenticationError extends Error {
  override readonly name = "AuthenticationError";

  constructor(readonly code: AuthenticationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }

  /** Whether the token is at fault. Otherwise the same request may succeed later. */
  get isTokenFault(): boolean {
    return this.code.startsWith("AUTH_");
  }
}
