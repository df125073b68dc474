/** How long the doctor waits for what, in milliseconds. */
export interface Waits {
  /** For the answer to a request. */
  readonly requestMs: number;
  /** For the first byte of a stream. */
  readonly firstByteMs: number;
  /** For `ready`. A refusal by the database must last five seconds before the function says so. */
  readonly readyMs: number;
  /**
   * A change that has arrived by then counts as live. A ping is answered within 2 s and a query.
   * Catch-ups are further apart than this.
   */
  readonly liveMs: number;
  /** For a change that comes by catch-up: the function asks every 60 s, with jitter. */
  readonly eventMs: number;
  /** For Realtime's answer to a join. It answers a refused join after 5 s. */
  readonly joinMs: number;
  /** For a message on a topic that is joined. */
  readonly messageMs: number;
}

export const WAITS: Waits = {
  requestMs: 15_000,
  firstByteMs: 10_000,
  readyMs: 45_000,
  liveMs: 3_000,
  eventMs: 75_000,
  joinMs: 15_000,
  messageMs: 5_000,
};
