/** Time as the function sees it; a test passes a clock of its own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `callback` once after `ms` milliseconds. The returned function cancels it; calling that twice is harmless. */
  after(ms: number, callback: () => void): () => void;
}

/** `setTimeout` turns a longer delay into none at all. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_DELAY_MS));
    return () => clearTimeout(timer);
  },
};
