import type { Clock } from "../clock.ts";
import { jitter } from "../jitter.ts";
import type { Log } from "../log.ts";
import type { Caller } from "../stream/caller.ts";
import type { FeedMessage, FeedSubscription, FileFeed } from "../stream/file_feed.ts";
import { backoff } from "./backoff.ts";
import type { ChannelLoss } from "./channel_loss.ts";
import type { ChannelListener } from "./channel_request.ts";
import type { ChannelSource, SystemMessage } from "./channel_source.ts";
import { judgeRefusal } from "./judge_refusal.ts";
import type { ChannelHandle, SocketPool } from "./socket_pool.ts";

export interface RealtimeFeedOptions {
  readonly sockets: SocketPool;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** The delay after a failed join, in milliseconds. */
const BACKOFF_MS = { first: 1_000, last: 30_000 };
/** A server confirms a subscription within 3 s, even if it has just started. */
const CONFIRMATION_MS = 30_000;

/**
 * Creates a feed over Supabase Realtime. When a channel ends for any reason, the feed requests a new
 * one: at once if only the socket was lost, or if the server has had too many joins, otherwise after
 * a delay.
 */
export function createRealtimeFeed(source: ChannelSource, options: RealtimeFeedOptions): FileFeed {
  return (caller, onMessage, { signal }) => {
    const subscription = new RealtimeSubscription(source, options, { caller, onMessage, signal });
    if (!signal.aborted) {
      signal.addEventListener("abort", () => subscription.leave(), { once: true });
      subscription.join();
    }
    return subscription;
  };
}

interface Subscriber {
  readonly caller: Caller;
  readonly onMessage: (message: FeedMessage) => void;
  readonly signal: AbortSignal;
}

/** A subscription of one user. It has one channel at a time, or none while it waits for the next. */
class RealtimeSubscription implements FeedSubscription, ChannelListener {
  readonly #source: ChannelSource;
  readonly #options: RealtimeFeedOptions;
  readonly #subscriber: Subscriber;
  /** The next join uses this token. */
  #token: string;
  /** The channel, or the request for one. `undefined` when there is none. */
  #channel: ChannelHandle | undefined;
  /** Whether the server has confirmed the channel, and has reported no error since. */
  #isLive = false;
  /** Failures since the last confirmation. */
  #failures = 0;
  /** Whether the server refused the last join because of this user's token or policies. */
  #wasRefused = false;
  /** Cancels the timer of the next join, or that of the confirmation. */
  #cancelTimer = () => {};

  constructor(source: ChannelSource, options: RealtimeFeedOptions, subscriber: Subscriber) {
    this.#source = source;
    this.#options = options;
    this.#subscriber = subscriber;
    this.#token = subscriber.caller.token;
  }

  get isJoining(): boolean {
    return !this.#isLive && this.#channel?.isJoining === true;
  }

  rejoin(renewed?: Caller): void {
    if (this.#subscriber.signal.aborted) return;
    this.#token = renewed?.token ?? this.#token;
    this.leave();
    this.join();
  }

  join(): void {
    const { userId } = this.#subscriber.caller;
    this.#channel = this.#options.sockets.request({
      topic: this.#source.topic(userId),
      join: { config: this.#source.config(userId), access_token: this.#token },
      wasRefused: this.#wasRefused,
      listener: this,
    });
  }

  leave(): void {
    this.#cancelTimer();
    this.#channel?.leave();
    this.#channel = undefined;
    this.#setLive(false);
  }

  onJoined(): void {
    this.#awaitConfirmation();
  }

  onMessage(event: string, payload: unknown): void {
    if (event === "system") return this.#onSystem((payload ?? {}) as SystemMessage);
    const message = this.#source.read(event, payload);
    if (message) this.#subscriber.onMessage(message);
  }

  onLoss(loss: ChannelLoss): void {
    if (loss.kind === "failure") return this.#joinLater(loss.reason);
    if (loss.kind === "refusal") return this.#onRefusal(loss.reason);
    this.leave();
    this.join();
  }

  #onRefusal(reason: string): void {
    const refused = judgeRefusal(reason);
    this.#wasRefused = refused !== undefined;
    if (reason.startsWith("ClientJoinRateLimitReached")) {
      this.#options.sockets.slowDown();
      this.leave();
      this.#logLoss({ reason });
      // The pool decides when.
      return this.join();
    }
    this.#joinLater(reason, refused);
    // A refusal by Realtime alone ends no stream. The hint causes a query, in which the database
    // decides whether the token is good.
    if (refused) this.#subscriber.onMessage({ kind: "hint" });
  }

  #onSystem(system: SystemMessage): void {
    if (this.#source.confirms(system)) {
      this.#failures = 0;
      this.#wasRefused = false;
      this.#cancelTimer();
      this.#setLive(true);
    } else if (system.status === "error" && this.#isLive) {
      this.#setLive(false);
      // The server says that it will subscribe again. That is not certain.
      this.#awaitConfirmation();
    }
  }

  #setLive(value: boolean): void {
    const { signal, onMessage } = this.#subscriber;
    // A second confirmation means that the server subscribed again. There was a gap before it.
    const mustTell = value || this.#isLive;
    this.#isLive = value;
    if (mustTell && !signal.aborted) onMessage({ kind: value ? "live" : "down" });
  }

  #joinLater(reason: string, refused?: "token" | "policy"): void {
    const { clock, random } = this.#options;
    this.leave();
    this.#logLoss({ reason, ...(refused && { refused }) });
    const delay = jitter(backoff(++this.#failures, BACKOFF_MS), random);
    this.#cancelTimer = clock.after(delay, () => this.join());
  }

  #awaitConfirmation(): void {
    const { clock } = this.#options;
    this.#cancelTimer = clock.after(CONFIRMATION_MS, () => this.#joinLater("not confirmed"));
  }

  #logLoss(fields: Record<string, unknown>): void {
    const user = this.#subscriber.caller.userId;
    this.#options.log("warn", "realtime channel lost", { user, ...fields });
  }
}
