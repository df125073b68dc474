/** Counts events the way a real server does, which decides how long a burst has consequences. */
export interface RateCounter {
  add(): void;
  /** Events a second, as of the last reading: 0 before the first one. */
  perSecond(): number;
}

/**
 * A counter that is read every `readMs` milliseconds; the rate is the average of the last `readings`
 * readings, or of all since the first event. So a burst passes until the next reading, and counts
 * until enough quiet readings have followed it.
 *
 * @param options.now Milliseconds; any origin.
 */
export function createRateCounter(
  { readMs, readings, now }: { readMs: number; readings: number; now: () => number },
): RateCounter {
  let read: number[] = [];
  let unread = 0;
  let readAt = now();

  function readOn(): void {
    const due = Math.floor((now() - readAt) / readMs);
    if (due > readings) {
      // Nothing that was counted matters any more, and a counter that is not used is forgotten.
      [read, unread, readAt] = [[], 0, now()];
      return;
    }
    for (let n = 0; n < due; n++) {
      read = [...read, unread].slice(-readings);
      unread = 0;
      readAt += readMs;
    }
  }

  return {
    add() {
      readOn();
      unread++;
    },
    perSecond() {
      readOn();
      const sum = read.reduce((total, count) => total + count, 0);
      return sum === 0 ? 0 : sum * 1000 / (read.length * readMs);
    },
  };
}
