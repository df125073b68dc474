/**
 * A value that changes. It is a store as Svelte defines one, and its two members are what React's
 * `useSyncExternalStore` needs.
 */
export interface Readable<T> {
  /** The value as subscribers were last told. It is the same object until something in it changes. */
  readonly value: T;
  /**
   * Calls `run` at once with the value, and then with each new one.
   *
   * @returns Ends the subscription.
   */
  readonly subscribe: (run: (value: T) => void) => () => void;
}
