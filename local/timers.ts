/** Timers with an owner: after `clear`, none of them fires and every wait is over. */
export interface Timers {
  after(milliseconds: number, work: () => void): () => void;
  wait(milliseconds: number): Promise<void>;
  clear(): void;
}

export function createTimers(): Timers {
  const pending = new Map<ReturnType<typeof setTimeout>, () => void>();
  const start = (milliseconds: number, work: () => void, cleared: () => void) => {
    const id = setTimeout(() => {
      pending.delete(id);
      work();
    }, milliseconds);
    pending.set(id, cleared);
    return () => {
      clearTimeout(id);
      pending.delete(id);
    };
  };
  return {
    after: (milliseconds, work) => start(milliseconds, work, () => {}),
    wait: (milliseconds) =>
      milliseconds === 0
        ? Promise.resolve()
        : new Promise((resolve) => void start(milliseconds, resolve, resolve)),
    clear() {
      for (const [id, cleared] of pending) {
        clearTimeout(id);
        cleared();
      }
      pending.clear();
    },
  };
}
