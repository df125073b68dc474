/** Learns how long each file usually takes from one change to the next. */
export interface StallWatch {
  /** @param isStep Changes arrived as they happened since the last one, so the time between counts. */
  readonly changed: (id: string, now: number, isStep: boolean) => void;
  readonly forget: (id: string) => void;
  /** Changes may have been missed until now. */
  readonly restart: (now: number) => void;
  /** Milliseconds until the file is stalled; `Infinity` if its usual time is not known. */
  readonly msUntilStalled: (id: string, now: number) => number;
}

interface Pace {
  changedAt: number;
  /** Milliseconds. The last steps weigh most. */
  usualStepMs: number | undefined;
}

/** A file that changes many times a second is not stalled after a second. */
const MIN_STALLED_MS = 10_000;
const WEIGHT_OF_LAST_STEP = 0.3;

/** @param steps A file is stalled after so many times its usual time. */
export function createStallWatch(steps: number): StallWatch {
  const paces = new Map<string, Pace>();
  return {
    changed(id, now, isStep) {
      const pace = paces.get(id);
      if (!pace || !isStep) {
        paces.set(id, { changedAt: now, usualStepMs: pace?.usualStepMs });
        return;
      }
      const stepMs = Math.max(now - pace.changedAt, 0);
      const usualMs = pace.usualStepMs ?? stepMs;
      pace.usualStepMs = usualMs + (stepMs - usualMs) * WEIGHT_OF_LAST_STEP;
      pace.changedAt = now;
    },
    forget: (id) => void paces.delete(id),
    restart(now) {
      for (const pace of paces.values()) pace.changedAt = now;
    },
    msUntilStalled(id, now) {
      const { changedAt = now, usualStepMs = Infinity } = paces.get(id) ?? {};
      return changedAt + Math.max(usualStepMs * steps, MIN_STALLED_MS) - now;
    },
  };
}
