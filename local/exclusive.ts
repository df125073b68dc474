import { setImmediate } from "node:timers/promises";

/** Runs one work at a time, in the order of the calls; a work that fails does not stop the next. */
export type Exclusive = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** PGlite is a single session: whoever uses it must hold it whole, or roles and transactions mix. */
export function createExclusive(): Exclusive {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const run = last.then(work);
    // The caller gets the failure; the queue only needs to know that the turn is over. PGlite
    // computes without letting go: between turns, sockets and timers get theirs.
    last = run.then(() => setImmediate(), () => setImmediate());
    return run;
  };
}
