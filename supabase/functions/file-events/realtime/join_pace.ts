import type { Clock } from "../clock.ts";

/**
 * Between two joins, in milliseconds. Realtime grants a project 100 joins a second by default. This
 * is half of them, because other clients join too.
 */
const INTERVAL_MS = 1_000 / 50;
/** The pause after the server refused a join as one too many: `first`, then doubled, at most `last`. */
const PAUSE_MS = { first: 1_000, last: 30_000 };
/** Each pause also doubles the interval of the joins after it, at most this many times over. */
const MAX_SLOWNESS = 32;

/**
 * Decides how fast a queue of joins is served.
 *
 * A join too many costs all channels of its socket. Isolates that went on at full pace after a pause
 * would never all get in, so each pause also makes the joins after it slower.
 */
export class JoinPace {
  readonly #clock: Pick<Clock, "now">;
  /** When the current pause ends, or the last one has ended. */
  #pausedUntil = -Infinity;
  /** The length of the last pause in milliseconds. */
  #pauseMs = 0;
  /** How many times longer than usual the interval is. */
  #slowness = 1;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Milliseconds until the pause ends. 0 or less if there is none. */
  get pauseLeftMs(): number {
    return this.#pausedUntil - this.#clock.now();
  }

  /** Milliseconds between two joins. */
  get intervalMs(): number {
    return INTERVAL_MS * this.#slowness;
  }

  /** Pauses the joins, and slows down those after the pause. Does nothing during a pause. */
  slowDown(): void {
    // The server also refuses the joins that were already on their way when the pause began.
    if (this.pauseLeftMs > 0) return;
    const isRepeated = -this.pauseLeftMs <= PAUSE_MS.last;
    this.#pauseMs = isRepeated ? Math.min(this.#pauseMs * 2, PAUSE_MS.last) : PAUSE_MS.first;
    this.#pausedUntil = this.#clock.now() + this.#pauseMs;
    this.#slowness = Math.min(this.#slowness * 2, MAX_SLOWNESS);
  }

  /** Makes the interval the usual one again, because the queue is empty. */
  reset(): void {
    this.#slowness = 1;
  }
}
