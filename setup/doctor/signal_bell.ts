/** Wakes all who wait for something to arrive. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or after `milliseconds`. Rejects if the signal is aborted. */
  wait(milliseconds: number): Promise<void>;
}

export function createSignalBell(signal: AbortSignal): Bell {
  const waiting = new Set<() => void>();
  const ring = () => {
    for (const wake of waiting) wake();
  };
  signal.addEventListener("abort", ring, { once: true });
  return {
    ring,
    async wait(milliseconds) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, milliseconds);
        waiting.add(wake);
      });
      signal.throwIfAborted();
    },
  };
}
