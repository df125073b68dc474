import type { Caller } from "../auth/authenticate.ts";
import type { Clock } from "../clock.ts";
import type { FeedMessage, FeedSubscription, FileFeed } from "../stream/file_feed.ts";

interface SharedSubscription {
  readonly listeners: Set<(message: FeedMessage) => void>;
  readonly end: AbortController;
  subscription: FeedSubscription | undefined;
  isLive: boolean;
  /** Whose token the feed is subscribed with, and whose lives longest. */
  subscribed: Caller;
  freshest: Caller;
  cancelRenewal: () => void;
}

/**
 * How long before its token ends a shared subscription is joined anew with a fresher one, in
 * milliseconds: after the streams of the old token have ended, or a moment before.
 */
const RENEWAL_MS = 15_000;

/**
 * Lets the streams of one user share a subscription, which lives as long as the last of them.
 *
 * Only tokens that grant the same share: row level security may depend on any of their claims.
 */
export function shareFeed(feed: FileFeed, clock: Clock): FileFeed {
  const shared = new Map<string, SharedSubscription>();

  function begin(caller: Caller): SharedSubscription {
    const entry: SharedSubscription = {
      listeners: new Set(),
      end: new AbortController(),
      subscription: undefined,
      isLive: false,
      subscribed: caller,
      freshest: caller,
      cancelRenewal: () => {},
    };
    entry.subscription = feed(caller, (message) => {
      if (message.kind === "live") entry.isLive = true;
      if (message.kind === "down") entry.isLive = false;
      for (const listener of entry.listeners) listener(message);
    }, { signal: entry.end.signal });
    return entry;
  }

  function renew(entry: SharedSubscription) {
    entry.cancelRenewal();
    entry.subscribed = entry.freshest;
    entry.subscription?.rejoin(entry.freshest);
  }

  function renewBeforeExpiry(entry: SharedSubscription) {
    entry.cancelRenewal();
    const wait = Math.max(0, entry.subscribed.expiresAt - RENEWAL_MS - clock.now());
    entry.cancelRenewal = clock.after(wait, () => renew(entry));
  }

  return (caller, onMessage, { signal }) => {
    if (signal.aborted) return { rejoin() {} };
    const key = `${caller.userId} ${caller.rights}`;
    const listener = (message: FeedMessage) => onMessage(message);
    let entry = shared.get(key);
    if (!entry) shared.set(key, entry = begin(caller));
    const joined = entry;
    joined.listeners.add(listener);
    if (joined.isLive) listener({ kind: "live" });
    if (caller.expiresAt > joined.freshest.expiresAt) {
      joined.freshest = caller;
      renewBeforeExpiry(joined);
    }
    signal.addEventListener("abort", () => {
      joined.listeners.delete(listener);
      if (joined.listeners.size > 0) return;
      joined.cancelRenewal();
      joined.end.abort();
      shared.delete(key);
    }, { once: true });
    return {
      rejoin() {
        // Down already, it is on its way; several streams may have noticed the same.
        if (joined.isLive) renew(joined);
      },
    };
  };
}
