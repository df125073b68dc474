export interface Summary {
  /** How many files there are. */
  readonly total: number;
  /** How many of them are in progress: neither ready nor failed. */
  readonly active: number;
  readonly ready: number;
  readonly failed: number;
  /**
   * The mean progress of all files, 0 to 100. A ready or failed file counts as 100, and a file without
   * progress as 0. `null` if there are no files.
   */
  readonly progress: number | null;
  /**
   * The ids of active files that have not changed for much longer than they usually take from one
   * change to the next. Nothing is said of files whose usual time is not known.
   */
  readonly stalled: readonly string[];
}
