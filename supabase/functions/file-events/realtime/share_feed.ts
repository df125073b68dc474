import type { Caller } from "../stream/caller.ts";
import type { Clock } from "../clock.ts";
import type { FeedMessage, FeedSubscription, FileFeed } from "../stream/file_feed.ts";
import type { EndReason } from "../stream/lifetime.ts";

type Listener = (message: FeedMessage) => void;

/**
 * How long before its token expires a shared subscription is renewed with a later one, in
 * milliseconds. The streams of the old token end at about the same time.
 */
const RENEWAL_MS = 15_000;
/**
 * How long a subscription goes on after the last poll has been answered, in milliseconds. Its client
 * is back within a second or two, unless something has failed.
 */
const LINGER_MS = 30_000;
const ANSWERED: EndReason = "answered";

/**
 * Lets the streams of one user share a subscription. It ends with the last of them, or 30 s after it
 * if that was a poll, so that a client that polls does not subscribe each time.
 *
 * Streams share it only if their tokens grant the same, because row level security may depend on any
 * claim.
 */
export function shareFeed(feed: FileFeed, clock: Clock): FileFeed {
  const shared = new Map<string, SharedSubscription>();
  return (caller, onMessage, { signal }) => {
    if (signal.aborted) return { isJoining: false, rejoin() {} };
    const key = `${caller.userId} ${caller.rights}`;
    let subscription = shared.get(key);
    if (!subscription) {
      subscription = new SharedSubscription(feed, caller, clock);
      shared.set(key, subscription);
      subscription.signal.addEventListener("abort", () => shared.delete(key), { once: true });
    }
    subscription.add(onMessage, caller);
    signal.addEventListener("abort", () => {
      subscription.delete(onMessage, { mayLinger: signal.reason === ANSWERED });
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
  /** Cancels the timer of the renewal or, while there is no stream, that of the end. */
  #cancelTimer = () => {};

  constructor(feed: FileFeed, caller: Caller, clock: Clock) {
    this.#clock = clock;
    this.#subscribed = this.#freshest = caller;
    const { signal } = this.#end;
    this.#subscription = feed(caller, (message) => this.#emit(message), { signal });
  }

  get isJoining(): boolean {
    return this.#subscription.isJoining;
  }

  /** Aborts when the subscription ends. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Adds a stream, and takes its token for the next renewal if it expires later. */
  add(listener: Listener, caller: Caller): void {
    this.#listeners.add(listener);
    if (caller.expiresAt > this.#freshest.expiresAt) this.#freshest = caller;
    this.#cancelTimer();
    if (this.#freshest.expiresAt > this.#subscribed.expiresAt) {
      this.#cancelTimer = this.#clock.after(this.#renewalIn, () => this.#renew());
    }
    // The listener comes last, because it may end the stream.
    if (this.#isLive) listener({ kind: "live" });
  }

  /**
   * Deletes a stream. With the last one the subscription ends, at once or, if it may linger, later. It
   * does not linger with a token that must be renewed, because no stream brings another one.
   */
  delete(listener: Listener, { mayLinger }: { mayLinger: boolean }): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#cancelTimer();
    const wait = mayLinger ? Math.min(LINGER_MS, this.#renewalIn) : 0;
    if (wait <= 0) return this.#end.abort();
    this.#cancelTimer = this.#clock.after(wait, () => this.#end.abort());
  }

  /**
   * Subscribes again, unless the feed is down: then it is subscribing already. So it happens once if
   * several streams notice the same fault.
   */
  rejoin(): void {
    if (this.#isLive) this.#renew();
  }

  /** In how many milliseconds the token must be replaced. */
  get #renewalIn(): number {
    return this.#subscribed.expiresAt - RENEWAL_MS - this.#clock.now();
  }

  #renew(): void {
    this.#cancelTimer();
    this.#subscribed = this.#freshest;
    this.#subscription.rejoin(this.#freshest);
  }

  #emit(message: FeedMessage): void {
    if (message.kind === "live") this.#isLive = true;
    if (message.kind === "down") this.#isLive = false;
    for (const listener of this.#listeners) listener(message);
  }
}
