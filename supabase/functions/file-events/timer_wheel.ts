import type { Clock } from "./clock.ts";

/** Timers that are due within the same tick fire together. In milliseconds. */
const TICK_MS = 250;

interface Timer {
  readonly callback: () => void;
}

/**
 * Keeps many timers and wakes the runtime up once for all that are due within a tick, because a
 * wake-up costs more than what most timers do. A timer fires up to one tick late, and never early.
 */
export class TimerWheel {
  readonly #clock: Clock;
  /** The timers by the number of the tick at whose end they fire. */
  readonly #ticks = new Map<number, Set<Timer>>();
  /** The tick that the runtime will be woken up for; `Infinity` if there is none. */
  #nextTick = Infinity;
  #cancelWakeUp = () => {};

  /** @param clock Wakes the wheel up. Its time must not be set back; it may begin at any moment. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `callback` once after `ms` milliseconds. The returned function cancels it. */
  after(ms: number, callback: () => void): () => void {
    const tick = Math.ceil((this.#clock.now() + ms) / TICK_MS);
    const timers = this.#ticks.get(tick) ?? new Set();
    const timer: Timer = { callback };
    timers.add(timer);
    this.#ticks.set(tick, timers);
    if (tick < this.#nextTick) this.#wakeUpFor(tick);
    return () => {
      timers.delete(timer);
      if (timers.size === 0 && this.#ticks.get(tick) === timers) this.#drop(tick);
    };
  }

  /** Drops a tick that has no timers. */
  #drop(tick: number): void {
    this.#ticks.delete(tick);
    if (tick === this.#nextTick) this.#wakeUpForNext();
  }

  #wakeUpForNext(): void {
    this.#wakeUpFor(Math.min(...this.#ticks.keys()));
  }

  #wakeUpFor(tick: number): void {
    this.#cancelWakeUp();
    this.#nextTick = tick;
    if (tick === Infinity) return;
    const ms = Math.max(0, tick * TICK_MS - this.#clock.now());
    this.#cancelWakeUp = this.#clock.after(ms, () => this.#fire());
  }

  #fire(): void {
    const now = this.#clock.now();
    const due = [...this.#ticks].filter(([tick]) => tick * TICK_MS <= now);
    for (const [tick] of due) this.#ticks.delete(tick);
    this.#wakeUpForNext();
    // A timer that an earlier one cancels is deleted from its set, and does not fire.
    for (const [, timers] of due) {
      for (const timer of timers) this.#call(timer);
    }
  }

  #call({ callback }: Timer): void {
    try {
      callback();
    } catch (error) {
      // The error is reported as that of any timer, and the other timers fire.
      this.#clock.after(0, () => {
        throw error;
      });
    }
  }
}
