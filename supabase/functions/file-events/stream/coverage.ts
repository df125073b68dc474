/**
 * The transactions whose changes a run of pages returns, as far as they concern its user: those
 * below `bound`, except those in `running`. All of them had ended when the run began.
 */
export interface Coverage {
  /** PostgreSQL's `xid8`. */
  readonly bound: bigint;
  /** Transactions below `bound` that had not ended, in ascending order; at most 16. */
  readonly running: readonly bigint[];
}

/** Covers no transaction. */
export const COVERS_NOTHING: Coverage = { bound: 0n, running: [] };

/** Whether the run of pages returns what `transaction` changed. */
export function covers({ bound, running }: Coverage, transaction: bigint): boolean {
  return transaction < bound && !running.includes(transaction);
}

/** The lowest transaction that may still commit changes. All transactions below it are covered. */
export function horizonOf({ bound, running }: Coverage): bigint {
  return running[0] ?? bound;
}
