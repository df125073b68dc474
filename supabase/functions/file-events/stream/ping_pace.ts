/** The pause after a query is this many times as long as the query took. */
const PAUSE_FACTOR = 10;
/** The limits of this pause, in milliseconds. */
const PAUSE_MS = { min: 100, max: 2_000 };
/**
 * The first pause after a query that failed, in milliseconds. It doubles with each further failure,
 * three times at most, because each failure makes all streams query.
 */
const FAILURE_PAUSE_MS = 2_000;
const MAX_DOUBLINGS = 3;

/** Decides how long the queries that answer pings pause, so that frequent pings cost few of them. */
export class PingPace {
  /** Queries in a row that have failed. */
  #failures = 0;
  #pauseEndsAt = -Infinity;

  /** No query begins before this time, in milliseconds. */
  get pauseEndsAt(): number {
    return this.#pauseEndsAt;
  }

  /** A query has ended. Times are in milliseconds. */
  ended({ failed, askedAt, now }: { failed: boolean; askedAt: number; now: number }): void {
    this.#failures = failed ? this.#failures + 1 : 0;
    const pause = failed
      ? FAILURE_PAUSE_MS * 2 ** Math.min(this.#failures - 1, MAX_DOUBLINGS)
      : Math.min(Math.max((now - askedAt) * PAUSE_FACTOR, PAUSE_MS.min), PAUSE_MS.max);
    this.#pauseEndsAt = now + pause;
  }
}
