import type { Clock } from "../clock.ts";
import { jitter } from "../jitter.ts";
import { backoff } from "./backoff.ts";

/** The delay before a socket is opened after one was lost or not connected, in milliseconds. */
const DELAY_MS = { first: 300, last: 5_000 };
/** A socket that was lost sooner than this after it had connected counts as a failure too. */
const STABLE_MS = 10_000;

/** Decides when a socket can be opened after others were lost, or could not be connected. */
export class ReconnectPace {
  readonly #clock: Pick<Clock, "now">;
  readonly #random: () => number;
  /** Failures in a row. */
  #failures = 0;
  #retryAt = -Infinity;

  constructor(clock: Pick<Clock, "now">, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Milliseconds until a socket can be opened. 0 or less: now. */
  get waitMs(): number {
    return this.#retryAt - this.#clock.now();
  }

  /** @param openedAt When the lost socket had connected. `undefined` if it had not. */
  countLoss(openedAt: number | undefined): void {
    // All sockets are lost at the same moment when the server restarts.
    if (this.waitMs > 0) return;
    const now = this.#clock.now();
    if (now - (openedAt ?? now) > STABLE_MS) this.#failures = 0;
    this.#retryAt = now + jitter(backoff(++this.#failures, DELAY_MS), this.#random);
  }
}
