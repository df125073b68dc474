import type {
  RealtimeChannel,
  RealtimeChannelOptions,
  RealtimeSystemPayload,
} from "@supabase/supabase-js";
import type { Caller } from "../auth/authenticate.ts";
import type { Clock } from "../clock.ts";
import type { FeedMessage, FileFeed } from "../stream/file_feed.ts";
import { jitter } from "../jitter.ts";
import type { Log } from "../log.ts";

/** A way to hear of changes over a Realtime channel. */
export interface ChannelSource {
  topic(userId: string): string;
  readonly options: RealtimeChannelOptions;
  /** Registers what the channel listens to; called before it is joined. */
  listen(channel: RealtimeChannel, userId: string, emit: (message: FeedMessage) => void): void;
  /** Whether a `system` message says that changes arrive from now on. SUBSCRIBED does not say so. */
  confirms(system: RealtimeSystemPayload): boolean;
}

/** Where channels come from and go to. */
export interface Channels {
  open(topic: string, options: RealtimeChannelOptions): RealtimeChannel;
  close(channel: RealtimeChannel): Promise<void>;
}

export interface RealtimeFeedOptions {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Between attempts to join, in milliseconds: the first, doubled each time up to the last. */
const BACKOFF_MS = { first: 1_000, last: 30_000 };
/** A server confirms a subscription within 3 s, even when cold. */
const CONFIRMATION_MS = 30_000;

/**
 * A feed over Supabase Realtime. supabase-js rejoins by itself after a lost socket; what it gives up
 * (a channel closed by the server) or would repeat too often (a refused join blocks the socket for
 * five seconds) is joined anew from here, with backoff.
 */
export function createRealtimeFeed(source: ChannelSource, options: RealtimeFeedOptions): FileFeed {
  const { channels, clock, random, log } = options;

  return (caller, onMessage, { signal }) => {
    let channel: RealtimeChannel | undefined;
    let attempts = 0;
    let live = false;
    let cancelTimer = () => {};

    function setLive(value: boolean) {
      // A second confirmation means that the server has resubscribed: a gap lies in between.
      if (value || live) onMessage({ kind: value ? "live" : "down" });
      live = value;
    }

    function wait(ms: number, then: () => void) {
      cancelTimer();
      cancelTimer = clock.after(ms, then);
    }

    function leave() {
      cancelTimer();
      const left = channel;
      channel = undefined;
      if (!left) return;
      channels.close(left).catch((error) => {
        log("warn", "channel not left cleanly", { user: caller.userId, error: String(error) });
      });
    }

    function rejoinLater(reason: string) {
      leave();
      setLive(false);
      const backoff = Math.min(BACKOFF_MS.first * 2 ** attempts++, BACKOFF_MS.last);
      log("warn", "realtime subscription lost", { user: caller.userId, reason });
      wait(jitter(backoff, random), join);
    }

    function join() {
      const joined = channel = openChannel(caller);
      const isCurrent = () => joined === channel && !signal.aborted;
      source.listen(joined, caller.userId, (message) => {
        if (isCurrent()) onMessage(message);
      });
      joined.on("system", {}, (system: RealtimeSystemPayload) => {
        if (!isCurrent()) return;
        if (source.confirms(system)) {
          attempts = 0;
          cancelTimer();
          setLive(true);
        } else if (system.status === "error") setLive(false);
      });
      joined.subscribe((status, error) => {
        if (!isCurrent()) return;
        if (status === "SUBSCRIBED") {
          return wait(CONFIRMATION_MS, () => rejoinLater("not confirmed"));
        }
        // The server's answer to a join is the error's cause; a lost socket has none.
        if (status === "CLOSED" || error?.cause) return rejoinLater(error?.message ?? status);
        cancelTimer();
        setLive(false);
      });
    }

    function openChannel({ userId, token }: Caller): RealtimeChannel {
      const opened = channels.open(source.topic(userId), source.options);
      opened.updateJoinPayload({ access_token: token });
      return opened;
    }

    if (!signal.aborted) {
      signal.addEventListener("abort", leave, { once: true });
      join();
    }
    return {
      rejoin() {
        if (signal.aborted) return;
        leave();
        setLive(false);
        join();
      },
    };
  };
}
