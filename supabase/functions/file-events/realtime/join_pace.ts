import type { Clock } from "../clock.ts";
import { jitter } from "../jitter.ts";
import { backoff } from "./backoff.ts";

/** The pause after the server refused a join as one too many, in milliseconds. */
const PAUSE_MS = { first: 1_000, last: 30_000 };
/**
 * Joins a second after a first refusal. Many isolates may share what the server grants a project,
 * which is 100 a second by default.
 */
const FIRST_RATE = 4;
const LOWEST_RATE = 0.5;
/**
 * If a refusal follows so few joins after a pause, the rate is not the cause. The server counts what
 * was joined up to a minute ago, so the pause was too short. That holds for the first two pauses.
 */
const FEW_JOINS = 8;
/** A rate above this is no limit. */
const HIGHEST_RATE = 128;
/** In this time without a refusal the rate doubles. */
const DOUBLING_MS = 30_000;

/**
 * Decides how fast channels are joined: at any speed, until the server refuses a join as one too
 * many. A refused join costs all channels of its socket. So a refusal causes a pause, and after it
 * joins are made at a rate that is lower after each refusal, and grows while there is none.
 */
export class JoinPace {
  readonly #clock: Pick<Clock, "now">;
  readonly #random: () => number;
  /** When the current pause ends, or the last one has ended. */
  #pausedUntil = -Infinity;
  /** How many pauses have followed one another. */
  #pauses = 0;
  /** Joins a second when the last pause ended. */
  #rate = Infinity;
  /** How many joins have been made since then. */
  #joins = 0;
  /** When the next join can be made, apart from a pause. */
  #nextAt = -Infinity;

  constructor(clock: Pick<Clock, "now">, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Milliseconds until the next join can be made. 0 or less: now. */
  get waitMs(): number {
    return Math.max(this.#pausedUntil, this.#nextAt) - this.#clock.now();
  }

  /** Whether a refusal still slows the joins down. */
  get isLimited(): boolean {
    return this.#currentRate() < Infinity;
  }

  /** Counts a join that is made now. */
  countJoin(): void {
    this.#joins++;
    this.#nextAt = this.#clock.now() + 1_000 / this.#currentRate();
  }

  /** Pauses the joins, and slows down those after the pause. Does nothing during a pause. */
  slowDown(): void {
    const now = this.#clock.now();
    // The server also refuses the joins that were already on their way when the pause began.
    if (now < this.#pausedUntil) return;
    const rate = this.#currentRate();
    if (rate === Infinity) this.#rate = FIRST_RATE;
    else if (this.#joins > FEW_JOINS || this.#pauses > 2) {
      this.#rate = Math.max(rate / 2, LOWEST_RATE);
    }
    this.#joins = 0;
    this.#pauses = now - this.#pausedUntil > PAUSE_MS.last ? 1 : this.#pauses + 1;
    this.#pausedUntil = now + jitter(backoff(this.#pauses, PAUSE_MS), this.#random);
  }

  #currentRate(): number {
    const quietMs = Math.max(0, this.#clock.now() - this.#pausedUntil);
    const rate = this.#rate * 2 ** (quietMs / DOUBLING_MS);
    return rate > HIGHEST_RATE ? Infinity : rate;
  }
}
