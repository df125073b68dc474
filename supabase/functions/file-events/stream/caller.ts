/** The signed-in user that a stream belongs to. Their token has been verified. */
export interface Caller {
  /** The access token. The stream passes it to the ports and does not read it. */
  readonly token: string;
  /** UUID in lower case. */
  readonly userId: string;
  /** When the token expires, in milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /**
   * Equal for two tokens that grant the same access. Row level security may depend on any claim, so
   * the streams of one user share answers and subscriptions only if their rights are equal.
   */
  readonly rights: string;
}
