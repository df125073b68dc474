import type { Clock } from "./clock.ts";

/** `setTimeout` fires immediately if the delay is longer. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The machine's clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_DELAY_MS));
    return () => clearTimeout(timer);
  },
};
