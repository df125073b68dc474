/** The time and the timers that the client uses. Tests pass their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. It may jump: after sleep, or when somebody sets it. */
  readonly now: () => number;
  /** Calls `callback` once after `ms` milliseconds. The returned function cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/** All that the client uses of the page or process that it runs in. */
export interface Environment extends Clock {
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly fetch: typeof fetch;
  readonly isOnline: () => boolean;
  /**
   * Calls `onEvent` with an event of type `offline` when the network has gone, and with others when it
   * has come, or the page is hidden or shown.
   */
  readonly watchPage: (
    onEvent: (event: { readonly type: string }) => void,
    signal: AbortSignal,
  ) => void;
  /**
   * Calls `run` at least once: with the next frame while the page is visible, else at the end of the
   * current task.
   */
  readonly schedule: (run: () => void) => void;
}
