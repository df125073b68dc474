import type { Clock } from "./clock.ts";
import { TimerWheel } from "./timer_wheel.ts";

/** `setTimeout` fires immediately if the delay is longer. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;
/** Most longer timers belong to streams, of which there are many. They need no precision. */
const LONGEST_PRECISE_MS = 2_000;

function setTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, Math.min(Math.max(0, ms), LONGEST_DELAY_MS));
  return () => clearTimeout(timer);
}

// Not the time of day, because that can be set back.
const wheel = new TimerWheel({ now: () => performance.now(), after: setTimer });

/** The machine's clock and timers. A timer of more than two seconds may fire 250 ms late. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) =>
    ms > LONGEST_PRECISE_MS ? wheel.after(ms, callback) : setTimer(ms, callback),
};
