import type { Clock } from "../environment.ts";

/** Milliseconds between two looks at the clock. */
const PULSE_MS = 5_000;

/**
 * Measures how long nothing has been heard. It looks at the clock at short intervals, because a timer
 * stands still while the machine sleeps and the clock does not.
 */
export interface SilenceWatch {
  /** Milliseconds since something was heard. */
  readonly ms: () => number;
  /** Something was heard: begins anew. */
  readonly start: () => void;
  readonly stop: () => void;
}

/** @param onPulse Called every few seconds with the milliseconds that have passed since the last. */
export function createSilenceWatch(
  clock: Clock,
  onPulse: (elapsedMs: number) => void,
): SilenceWatch {
  let heardAt = 0;
  let cancel = () => {};

  const ms = () => clock.now() - heardAt;
  const pulse = () => {
    const pulsedAt = clock.now();
    cancel = clock.after(PULSE_MS, () => {
      const elapsedMs = clock.now() - pulsedAt;
      // A clock that was set back says nothing of the time that has passed.
      if (elapsedMs < 0) heardAt = clock.now();
      pulse();
      onPulse(elapsedMs);
    });
  };
  return {
    ms,
    start() {
      cancel();
      heardAt = clock.now();
      pulse();
    },
    stop: () => cancel(),
  };
}
