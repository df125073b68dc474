import type {
  RealtimeChannel,
  RealtimeChannelOptions,
  RealtimeSystemPayload,
} from "@supabase/supabase-js";
import type { Clock } from "../clock.ts";
import { jitter } from "../jitter.ts";
import type { Log } from "../log.ts";
import type { FeedMessage, FileFeed } from "../stream/file_feed.ts";
import { judgeRefusal } from "./judge_refusal.ts";
import type { SocketPool } from "./socket_pool.ts";

/** A way to hear of changes over a Realtime channel. */
export interface ChannelSource {
  topic(userId: string): string;
  readonly options: RealtimeChannelOptions;
  /** Registers what the channel listens to; called before it is joined. */
  listen(channel: RealtimeChannel, userId: string, emit: (message: FeedMessage) => void): void;
  /** Whether a `system` message says that changes arrive from now on. SUBSCRIBED does not say so. */
  confirms(system: RealtimeSystemPayload): boolean;
}

export interface RealtimeFeedOptions {
  readonly sockets: SocketPool;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Between attempts to join, in milliseconds: the first, doubled each time up to the last. */
const BACKOFF_MS = { first: 1_000, last: 30_000 };
/** A server confirms a subscription within 3 s, even when cold. */
const CONFIRMATION_MS = 30_000;

/**
 * A feed over Supabase Realtime. Whatever ends a channel (a lost socket, a close by the server, a
 * refused or unanswered join), it is left and joined anew: at once when only the socket was lost,
 * otherwise with backoff.
 */
export function createRealtimeFeed(source: ChannelSource, options: RealtimeFeedOptions): FileFeed {
  const { sockets, clock, random, log } = options;

  return (caller, onMessage, { signal }) => {
    const { userId } = caller;
    let { token } = caller;
    let channel: RealtimeChannel | undefined;
    let attempts = 0;
    let isLive = false;
    let wasRefused = false;
    let cancelRequest = () => {};
    let cancelTimer = () => {};

    function setLive(value: boolean) {
      // A second confirmation means that the server has resubscribed: a gap lies in between.
      const tell = value || isLive;
      isLive = value;
      if (tell && !signal.aborted) onMessage({ kind: value ? "live" : "down" });
    }

    function leave() {
      cancelTimer();
      cancelRequest();
      const left = channel;
      // First, for leaving reports CLOSED.
      channel = undefined;
      if (left) sockets.release(left);
      setLive(false);
    }

    function join() {
      const topic = source.topic(userId);
      const { options } = source;
      cancelRequest = sockets.request({ topic, options, wasRefused, onChannel: subscribe });
    }

    function joinLater(reason: string, refused?: "token" | "policy") {
      leave();
      log("warn", "realtime channel lost", { user: userId, reason, ...(refused && { refused }) });
      const backoff = Math.min(BACKOFF_MS.first * 2 ** attempts++, BACKOFF_MS.last);
      cancelTimer = clock.after(jitter(backoff, random), join);
    }

    function awaitConfirmation() {
      cancelTimer();
      cancelTimer = clock.after(CONFIRMATION_MS, () => joinLater("not confirmed"));
    }

    function subscribe(joined: RealtimeChannel) {
      channel = joined;
      const isCurrent = () => joined === channel;
      source.listen(joined, userId, (message) => {
        if (isCurrent()) onMessage(message);
      });
      joined.on("system", {}, (system: RealtimeSystemPayload) => {
        if (!isCurrent()) return;
        if (source.confirms(system)) {
          attempts = 0;
          wasRefused = false;
          cancelTimer();
          setLive(true);
        } else if (system.status === "error" && isLive) {
          setLive(false);
          // The server tries again by itself, or so it says.
          awaitConfirmation();
        }
      });
      joined.updateJoinPayload({ access_token: token });
      joined.subscribe((status, error) => {
        if (!isCurrent()) return;
        if (status === "SUBSCRIBED") return awaitConfirmation();
        const { reason, code } = (error?.cause ?? {}) as { reason?: unknown; code?: unknown };
        // A lost socket's error has a close event as its cause, a refused join the server's answer.
        if (status === "CHANNEL_ERROR" && typeof code === "number") {
          leave();
          return join();
        }
        if (typeof reason !== "string") return joinLater(error?.message ?? status);
        if (reason.includes("RateLimit")) sockets.slowDown();
        const refused = judgeRefusal(reason);
        wasRefused = refused !== undefined;
        joinLater(reason, refused);
        // Realtime's word alone ends no stream: the database is asked whether the token is good.
        if (refused && !signal.aborted) onMessage({ kind: "hint" });
      });
    }

    if (!signal.aborted) {
      signal.addEventListener("abort", leave, { once: true });
      join();
    }
    return {
      rejoin(renewed) {
        if (signal.aborted) return;
        token = renewed?.token ?? token;
        leave();
        join();
      },
    };
  };
}
