import type { Caller } from "../stream/caller.ts";
import type { Clock } from "../clock.ts";
import type { FeedMessage, FeedSubscription, FileFeed } from "../stream/file_feed.ts";

type Listener = (message: FeedMessage) => void;

/**
 * How long before its token expires a shared subscription is renewed with a later one, in
 * milliseconds. The streams of the old token end at about the same time.
 */
const RENEWAL_MS = 15_000;

/**
 * Lets the streams of one user share a subscription, which ends with the last of them.
 *
 * Streams share it only if their tokens grant the same, because row level security may depend on any
 * claim.
 */
export function shareFeed(feed: FileFeed, clock: Clock): FileFeed {
  const shared = new Map<string, SharedSubscription>();
  return (caller, onMessage, { signal }) => {
    if (signal.aborted) return { isJoining: false, rejoin() {} };
    const key = `${caller.userId} ${caller.rights}`;
    const subscription = shared.get(key) ?? new SharedSubscription(feed, caller, clock);
    shared.set(key, subscription);
    subscription.add(onMessage, caller);
    signal.addEventListener("abort", () => {
      subscription.delete(onMessage);
      if (subscription.hasEnded) shared.delete(key);
    }, { once: true });
    return subscription;
  };
}

/** A subscription of one user, with the streams that listen to it. */
class SharedSubscription implements FeedSubscription {
  readonly #clock: Clock;
  readonly #subscription: FeedSubscription;
  readonly #listeners = new Set<Listener>();
  readonly #end = new AbortController();
  #isLive = false;
  /** The caller whose token the current subscription uses. */
  #subscribed: Caller;
  /** The caller whose token expires last; the next renewal uses it. */
  #freshest: Caller;
  #cancelRenewal: (() => void) | undefined;

  constructor(feed: FileFeed, caller: Caller, clock: Clock) {
    this.#clock = clock;
    this.#subscribed = this.#freshest = caller;
    const { signal } = this.#end;
    this.#subscription = feed(caller, (message) => this.#emit(message), { signal });
  }

  get isJoining(): boolean {
    return this.#subscription.isJoining;
  }

  get hasEnded(): boolean {
    return this.#end.signal.aborted;
  }

  /** Adds a stream, and takes its token for the next renewal if it expires later. */
  add(listener: Listener, caller: Caller): void {
    this.#listeners.add(listener);
    if (this.#isLive) listener({ kind: "live" });
    if (caller.expiresAt <= this.#freshest.expiresAt) return;
    this.#freshest = caller;
    const wait = this.#subscribed.expiresAt - RENEWAL_MS - this.#clock.now();
    this.#cancelRenewal?.();
    this.#cancelRenewal = this.#clock.after(wait, () => this.#renew());
  }

  /** Deletes a stream. With the last one the subscription ends. */
  delete(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#cancelRenewal?.();
    this.#end.abort();
  }

  /**
   * Subscribes again, unless the feed is down: then it is subscribing already. So it happens once if
   * several streams notice the same fault.
   */
  rejoin(): void {
    if (this.#isLive) this.#renew();
  }

  #renew(): void {
    this.#cancelRenewal?.();
    this.#subscribed = this.#freshest;
    this.#subscription.rejoin(this.#freshest);
  }

  #emit(message: FeedMessage): void {
    if (message.kind === "live") this.#isLive = true;
    if (message.kind === "down") this.#isLive = false;
    for (const listener of this.#listeners) listener(message);
  }
}
