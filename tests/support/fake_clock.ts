import { setImmediate } from "node:timers";
import type { Clock } from "../../supabase/functions/file-events/clock.ts";

interface Timer {
  at: number;
  readonly callback: () => void;
}

/** Time that only moves when a test says so. */
export class FakeClock implements Clock {
  #now: number;
  readonly #settle: () => Promise<void>;
  /** In the order of their creation, which decides among timers of one instant. */
  readonly #timers = new Set<Timer>();

  /**
   * @param now Milliseconds since the Unix epoch.
   * @param settleAll Lets all settle that should have by the next instant.
   */
  constructor(now = Date.parse("2026-11-23T10:30:00.000Z"), settleAll = settle) {
    this.#now = now;
    this.#settle = settleAll;
  }

  /** Timers that are neither due nor cancelled yet. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves on by `ms`, runs what comes due in order, and lets promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#settle();
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#now = timer.at;
      timer.callback();
      await this.#settle();
    }
    this.#now = end;
  }

  /**
   * Shows another time at once, as a clock that is set, or whose machine has slept. Timers take as long
   * as before.
   */
  jump(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers) timer.at += ms;
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
    }
    return next;
  }
}

/** Lets all promises settle that wait for nothing but other promises. */
export async function settle(): Promise<void> {
  // A macrotask runs when no microtask is left; streams take a few turns more.
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
