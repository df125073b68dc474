import type { Caller } from "../stream/caller.ts";
import type { Clock } from "../clock.ts";
import type { FeedMessage, FeedSubscription, FileFeed } from "../stream/file_feed.ts";

interface SharedSubscription {
  readonly listeners: Set<(message: FeedMessage) => void>;
  readonly end: AbortController;
  subscription: FeedSubscription | undefined;
  isLive: boolean;
  /** The caller whose token the current subscription uses. */
  subscribed: Caller;
  /** The caller whose token expires last; the next renewal uses it. */
  freshest: Caller;
  cancelRenewal: () => void;
}

/**
 * How long before its token expires a shared subscription is renewed with a later one, in
 * milliseconds. The streams of the old token end at about the same time.
 */
const RENEWAL_MS = 15_000;

/**
 * Lets the streams of one user share a subscription, which ends with the last of them.
 *
 * Tokens share one only if they grant the same, because row level security may depend on any claim.
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
        // If it is down, it is being joined already. Several streams may have noticed the same.
        if (joined.isLive) renew(joined);
      },
    };
  };
}
