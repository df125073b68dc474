/** The time and timers that the function uses. Tests pass their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Calls `callback` once after `ms` milliseconds. The returned function cancels it; calling that
   * twice is harmless.
   */
  after(ms: number, callback: () => void): () => void;
}
