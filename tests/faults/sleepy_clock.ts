import type { Clock } from "../../client/environment.ts";

interface LateTimer {
  readonly callback: () => void;
}

/** The clock of a machine that may sleep. Timers that come due meanwhile fire when it wakes. */
export class SleepyClock implements Clock {
  readonly #clock: Clock;
  /** What came due, while the machine sleeps. */
  #late: Set<LateTimer> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { callback };
    const cancel = this.#clock.after(ms, () => this.#late ? this.#late.add(timer) : callback());
    return () => {
      cancel();
      this.#late?.delete(timer);
    };
  }

  fallAsleep(): void {
    this.#late = new Set();
  }

  wake(): void {
    const late = this.#late!;
    // A timer may cancel another one that is late too.
    for (const timer of late) {
      late.delete(timer);
      timer.callback();
    }
    this.#late = undefined;
  }
}
