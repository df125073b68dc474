/** Runs `work` when its turn comes. Resolves or rejects as `work` does. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Lets at most `max` pieces of work run at once. The others wait and run in the order of the calls.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createLimiter } from "./limiter.ts";
 *
 * const limit = createLimiter(8);
 * assert.equal(await limit(() => Promise.resolve("done")), "done");
 * ```
 */
export function createLimiter(max: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= max) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The next one takes over the place, so that a new call cannot take it first.
      if (next) next();
      else running--;
    }
  };
}
