import type { Readable } from "../readable.ts";

export interface Store<T> extends Readable<T> {
  /** Tells all subscribers. */
  readonly set: (value: T) => void;
}

/** @param hold Called for each subscriber. What it returns is called when the subscriber leaves. */
export function createStore<T>(initial: T, hold: () => () => void): Store<T> {
  let value = initial;
  const subscriptions = new Set<{ readonly run: (value: T) => void }>();
  return {
    get value() {
      return value;
    },
    subscribe(run) {
      run(value);
      // An object of its own, because the same function may subscribe twice.
      const subscription = { run };
      subscriptions.add(subscription);
      const release = hold();
      return () => {
        if (subscriptions.delete(subscription)) release();
      };
    },
    set(next) {
      value = next;
      for (const subscription of subscriptions) {
        // Apart from the others, because one that throws must not stop them.
        queueMicrotask(() => {
          if (subscriptions.has(subscription)) subscription.run(value);
        });
      }
    },
  };
}
