/** A work that is requested more often than it needs to run. */
export interface Coalesced {
  /** Runs the work; a request during a run starts one more run after it. */
  request(): void;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

export function coalesced(work: () => Promise<void>, report: (error: unknown) => void): Coalesced {
  let running: Promise<void> | undefined;
  let again = false;
  async function run() {
    do {
      again = false;
      await work().catch(report);
    } while (again);
    running = undefined;
  }
  return {
    request() {
      if (running) again = true;
      else running = run();
    },
    idle: () => running ?? Promise.resolve(),
  };
}
