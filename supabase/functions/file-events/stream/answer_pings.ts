import type { Caller } from "./caller.ts";
import type { ChangesSince } from "./changes_since.ts";
import type { Clock } from "../clock.ts";
import type { FileFeed } from "./file_feed.ts";
import { PingAnswerer } from "./ping_answerer.ts";

export interface AnswerPingsOptions {
  /** A feed that may report pings. Its caller subscribes once for each user and rights. */
  readonly feed: FileFeed;
  readonly changesSince: ChangesSince;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Both ports as streams use them. */
export interface AnsweredPorts {
  /** Reports the changes that a ping announces, after the ping. `shareFeed` must stand above it. */
  readonly feed: FileFeed;
  readonly changesSince: ChangesSince;
}

/**
 * Answers pings for all streams that share a subscription: one query a user and rights, not one a
 * stream. {@linkcode PingAnswerer} decides when to query, and from which cursor.
 *
 * It stands around both ports, because it learns the first cursor of a subscription from the pages
 * that its streams query for themselves.
 */
export function answerPings(
  { feed, changesSince, clock, random }: AnswerPingsOptions,
): AnsweredPorts {
  /** The answerer of each subscription that has not ended. */
  const answerers = new Map<string, PingAnswerer>();

  return {
    feed(caller, onMessage, { signal }) {
      const options = { onMessage, changesSince, clock, random, signal };
      const answerer = new PingAnswerer(caller, options);
      const key = keyOf(caller);
      if (!signal.aborted) answerers.set(key, answerer);
      signal.addEventListener("abort", () => {
        answerer.stop();
        answerers.delete(key);
      }, { once: true });
      const subscription = feed(caller, (message) => answerer.receive(message), { signal });
      return {
        get isJoining() {
          return subscription.isJoining;
        },
        rejoin(renewed) {
          if (renewed) answerer.offerToken(renewed);
          subscription.rejoin(renewed);
        },
      };
    },

    async changesSince(caller, query, options) {
      const answerer = answerers.get(keyOf(caller));
      answerer?.offerToken(caller);
      answerer?.addStream(options);
      const page = await changesSince(caller, query, options);
      answerer?.offerPage(page, query, options.signal);
      return page;
    },
  };
}

function keyOf({ userId, rights }: Caller): string {
  return `${userId} ${rights}`;
}
