import type { Caller } from "../auth/authenticate.ts";
import type { FileChange } from "../database/file_change.ts";

/** What a feed tells. Changes are hints: they may be late, doubled, out of order or missing. */
export type FeedMessage =
  | { readonly kind: "change"; readonly change: FileChange }
  /** (Again) receiving: what was committed before may be missing. */
  | { readonly kind: "live" }
  /** Something changed that this message can't say: ask the database. */
  | { readonly kind: "hint" }
  /** Not receiving. It recovers by itself; `live` follows. */
  | { readonly kind: "down" };

export interface FeedSubscription {
  /** Joins anew, with another token of the same user if one is given. */
  rejoin(caller?: Caller): void;
}

/**
 * Subscribes to the changes of the caller's files, until `signal` aborts. It never throws; a feed
 * begins down and reports every change of its state.
 */
export type FileFeed = (
  caller: Caller,
  onMessage: (message: FeedMessage) => void,
  options: { signal: AbortSignal },
) => FeedSubscription;
