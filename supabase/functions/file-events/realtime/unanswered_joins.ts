import type { Clock } from "../clock.ts";

/** A join that was sent. */
export interface Join {
  /** When it was sent, in Unix milliseconds. */
  readonly requestedAt: number;
}

/** A join that has had no answer for so long is probably being refused: a refusal takes 5 s. */
const STALL_MS = 1_000;
/** After this a join is given up. */
const TIMEOUT_MS = 10_000;

/** The joins of a socket that wait for their answers, in the order in which they were sent. */
export class UnansweredJoins<T extends Join> {
  readonly #clock: Clock;
  readonly #onTimeout: (join: T) => void;
  readonly #joins = new Set<T>();
  #cancelTimer = () => {};

  /** @param onTimeout Takes a join that was given up. It has been deleted. */
  constructor(clock: Clock, onTimeout: (join: T) => void) {
    this.#clock = clock;
    this.#onTimeout = onTimeout;
  }

  get size(): number {
    return this.#joins.size;
  }

  /** Whether the oldest has waited so long that the server is probably refusing it. */
  get isStalled(): boolean {
    const [oldest] = this.#joins;
    return oldest !== undefined && this.#clock.now() - oldest.requestedAt > STALL_MS;
  }

  add(join: T): void {
    this.#joins.add(join);
    if (this.#joins.size === 1) this.#watch(join);
  }

  delete(join: T): void {
    this.#joins.delete(join);
  }

  clear(): void {
    this.#joins.clear();
    this.#cancelTimer();
  }

  /** The timer outlives the join, because a timer for each join would cost more. */
  #watch(oldest: T): void {
    const left = oldest.requestedAt + TIMEOUT_MS - this.#clock.now();
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(left, () => this.#giveUp());
  }

  #giveUp(): void {
    const now = this.#clock.now();
    for (const join of this.#joins) {
      if (now - join.requestedAt < TIMEOUT_MS) return this.#watch(join);
      this.#joins.delete(join);
      this.#onTimeout(join);
    }
  }
}
