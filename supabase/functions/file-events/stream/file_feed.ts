import type { Caller } from "./caller.ts";
import type { FileChange } from "./file_change.ts";

/** What a feed reports. Changes may be late, repeated, out of order or missing. */
export type FeedMessage =
  | { readonly kind: "change"; readonly change: FileChange }
  /** The feed receives changes from now on. Changes that were committed before may be missing. */
  | { readonly kind: "live" }
  /** Query the database: something may have changed that this message does not contain. */
  | { readonly kind: "hint" }
  /**
   * A transaction has changed something for the user, and has committed. The message does not say
   * what. `answerPings` stands between a feed that reports pings and the streams: it queries the
   * database and reports the changes, so a stream need not query.
   */
  | {
    readonly kind: "ping";
    /** The transaction (PostgreSQL's `xid8`). */
    readonly changedIn: bigint;
    /** Many users are told of this transaction at once, so their queries must be spread. */
    readonly concernsMany: boolean;
  }
  /** The feed receives nothing. It recovers by itself, and then reports `live`. */
  | { readonly kind: "down" };

export interface FeedSubscription {
  /**
   * Whether the feed is down and expects to be live within about 150 ms. False while it is live, while
   * many others wait to subscribe, while it can't connect, and while it waits after a failure. It can
   * change without a message.
   */
  readonly isJoining: boolean;
  /**
   * Subscribes again, with another token of the same user if one is given. It never throws. A live
   * feed reports `down` at once.
   */
  rejoin(caller?: Caller): void;
}

/**
 * PORT: subscribes to live changes of the caller's files, until `signal` aborts. It never throws. A
 * feed begins down and reports every change of its state.
 */
export type FileFeed = (
  caller: Caller,
  onMessage: (message: FeedMessage) => void,
  options: { signal: AbortSignal },
) => FeedSubscription;
