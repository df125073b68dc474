import type { RealtimeChannel, RealtimeSystemPayload } from "@supabase/supabase-js";
import type { Clock } from "../clock.ts";
import { jitter } from "../jitter.ts";
import type { Log } from "../log.ts";
import type { FileFeed } from "../stream/file_feed.ts";
import { type ChannelLoss, readChannelLoss } from "./channel_loss.ts";
import type { ChannelSource } from "./channel_source.ts";
import { judgeRefusal } from "./judge_refusal.ts";
import type { SocketPool } from "./socket_pool.ts";

export interface RealtimeFeedOptions {
  readonly sockets: SocketPool;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** The delay after a failed join, in milliseconds: `first`, doubled after each, at most `last`. */
const BACKOFF_MS = { first: 1_000, last: 30_000 };
/** A server confirms a subscription within 3 s, even if it has just started. */
const CONFIRMATION_MS = 30_000;

/**
 * Creates a feed over Supabase Realtime. When a channel ends for any reason, the feed leaves it and
 * joins a new one: at once if only the socket was lost, otherwise after a delay.
 */
export function createRealtimeFeed(source: ChannelSource, options: RealtimeFeedOptions): FileFeed {
  const { sockets, clock, random, log } = options;

  return (caller, onMessage, { signal }) => {
    const { userId } = caller;
    /** The next join uses this token. */
    let { token } = caller;
    /** Aborts when the feed leaves its channel, or no longer wants the one that it requested. */
    let membership = new AbortController();
    /** Whether the server has confirmed the channel, and has reported no error since. */
    let isLive = false;
    /** Failures since the last confirmation. */
    let failures = 0;
    /** Whether the server refused the last join because of this user's token or policies. */
    let wasRefused = false;
    let cancelTimer = () => {};

    function setLive(value: boolean): void {
      // A second confirmation means that the server subscribed again. There was a gap before it.
      const mustTell = value || isLive;
      isLive = value;
      if (mustTell && !signal.aborted) onMessage({ kind: value ? "live" : "down" });
    }

    function join(): void {
      membership = new AbortController();
      sockets.request({
        topic: source.topic(userId),
        options: source.options,
        wasRefused,
        signal: membership.signal,
        onChannel: subscribe,
      });
    }

    function leave(): void {
      cancelTimer();
      membership.abort();
      setLive(false);
    }

    function joinLater(reason: string, refused?: "token" | "policy"): void {
      leave();
      log("warn", "realtime channel lost", { user: userId, reason, ...(refused && { refused }) });
      const backoff = Math.min(BACKOFF_MS.first * 2 ** failures++, BACKOFF_MS.last);
      cancelTimer = clock.after(jitter(backoff, random), join);
    }

    function awaitConfirmation(): void {
      cancelTimer = clock.after(CONFIRMATION_MS, () => joinLater("not confirmed"));
    }

    function subscribe(channel: RealtimeChannel): void {
      const { signal: left } = membership;
      // supabase-js also reports the end of a channel that the feed itself has left.
      const untilLeft = <T extends unknown[]>(handle: (...parameters: T) => void) => {
        return (...parameters: T) => {
          if (!left.aborted) handle(...parameters);
        };
      };
      source.listen(channel, userId, untilLeft(onMessage));
      channel.on("system", {}, untilLeft(onSystem));
      channel.updateJoinPayload({ access_token: token });
      channel.subscribe(untilLeft((status, error) => {
        if (status === "SUBSCRIBED") awaitConfirmation();
        else onLoss(readChannelLoss(status, error));
      }));
    }

    function onSystem(system: RealtimeSystemPayload): void {
      if (source.confirms(system)) {
        failures = 0;
        wasRefused = false;
        cancelTimer();
        setLive(true);
      } else if (system.status === "error" && isLive) {
        setLive(false);
        // The server says that it will subscribe again. That is not certain.
        awaitConfirmation();
      }
    }

    function onLoss(loss: ChannelLoss): void {
      if (loss.kind === "socket") {
        leave();
        return join();
      }
      if (loss.kind === "failure") return joinLater(loss.reason);
      if (loss.reason.includes("RateLimit")) sockets.slowDown();
      const refused = judgeRefusal(loss.reason);
      wasRefused = refused !== undefined;
      joinLater(loss.reason, refused);
      // A refusal by Realtime alone ends no stream. The hint causes a query, in which the database
      // decides whether the token is good.
      if (refused) onMessage({ kind: "hint" });
    }

    if (!signal.aborted) {
      signal.addEventListener("abort", leave, { once: true });
      join();
    }
    return {
      isJoining: false,
      rejoin(renewed) {
        if (signal.aborted) return;
        token = renewed?.token ?? token;
        leave();
        join();
      },
    };
  };
}
