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
  /** Whether somebody can see the page. */
  readonly isVisible: () => boolean;
  /** What the tabs of a page find each other by. None outside of pages, and in old browsers. */
  readonly tabs?: Tabs | undefined;
  /**
   * Calls `onEvent` with each event of the page's life: `online`, `offline`, `visibilitychange`,
   * `freeze`, `resume`, `pagehide` and `pageshow`.
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

/** The Web Locks and the channels of a page's origin, as far as they are used. */
export interface Tabs {
  readonly locks: Locks;
  readonly openChannel: (name: string) => Channel;
}

export interface Locks {
  request(
    name: string,
    options: { steal?: boolean; signal?: AbortSignal },
    callback: () => Promise<void>,
  ): Promise<unknown>;
  query(): Promise<{ held?: { name?: string; clientId?: string }[] }>;
}

export interface Channel {
  // The type of the data is the caller's to say, because a later version may send other data.
  // deno-lint-ignore no-explicit-any
  onmessage: ((message: { readonly data: any }) => void) | null;
  postMessage(data: unknown): void;
  close(): void;
}
