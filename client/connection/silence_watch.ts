import type { Clock } from "../environment.ts";

/** Milliseconds between two looks at the clock. */
const PULSE_MS = 5_000;

/**
 * Measures how long nothing has been heard. It looks at the clock at short intervals, because a timer
 * stands still while the machine sleeps and the clock does not.
 */
export interface SilenceWatch {
  /** Something was heard: begins anew. */
  readonly start: () => void;
  readonly stop: () => void;
}

/** @param onPulse Called every few seconds with the milliseconds since something was heard. */
export function createSilenceWatch(
  { now, after }: Clock,
  onPulse: (silentMs: number) => void,
): SilenceWatch {
  let heardAt = 0;
  let cancel = () => {};

  const pulse = () => {
    const pulsedAt = now();
    cancel = after(PULSE_MS, () => {
      // A clock that was set back says nothing of the time that has passed.
      if (now() < pulsedAt) heardAt = now();
      pulse();
      onPulse(now() - heardAt);
    });
  };
  return {
    start() {
      cancel();
      heardAt = now();
      pulse();
    },
    stop: () => cancel(),
  };
}
