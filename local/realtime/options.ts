import type { ColdStart } from "./warm_up.ts";

/** Times in milliseconds and limits; the defaults are those measured on a real server. */
export interface RealtimeOptions {
  /** How long a refused join blocks its whole socket. */
  refusedJoinMs: number;
  /** How long a WebSocket with a bad API key waits for its 401. */
  refusedKeyMs: number;
  /** A socket that sends nothing for this long is closed. */
  idleMs: number;
  /** From a commit to the reading of the change log. A real server takes 100 to 500 ms. */
  pollMs: number;
  /** Changes that one reading takes. One reader serves all clients, so a long statement delays all. */
  maxChangesPerPoll: number;
  /** From the reply of a join to "Subscribed to PostgreSQL"; changes in between are missed. */
  subscribeMs: number;
  /** From a new token to the second "Subscribed to PostgreSQL". */
  resubscribeMs: number;
  maxChannelsPerSocket: number;
  /** To all clients together, averaged as `rateReadings` says. Above it joins are refused. */
  maxJoinsPerSecond: number;
  /** To all clients together, averaged likewise. Above it **all** messages are dropped silently. */
  maxMessagesPerSecond: number;
  /** Between two readings of what was counted: a burst passes until the next one. */
  rateReadMs: number;
  /** The readings that are averaged; fewer while there are fewer. */
  rateReadings: number;
  /** How long the fault `limit` lasts. */
  limitMs: number;
  /** How long the fault `walsender` lasts. */
  walsenderMs: number;
  coldStart: ColdStart;
  /** Whether the first join finds the server cold, as after the fault `cold`. */
  startsCold: boolean;
  /** Larger records arrive with their long fields removed. */
  maxRecordBytes: number;
}

/**
 * As on a real server, except for what would only cost time: changes are read at once, for there is
 * no log to poll; the server starts warm; and messages have no limit (a project on the Free plan has
 * 100 a second, and so has `deno task dev`), for a test that changes thousands of rows would wait for
 * a minute.
 */
export const defaultRealtimeOptions: RealtimeOptions = {
  refusedJoinMs: 5_000,
  refusedKeyMs: 2_000,
  idleMs: 66_000,
  pollMs: 0,
  maxChangesPerPoll: 100,
  subscribeMs: 0,
  resubscribeMs: 1_000,
  maxChannelsPerSocket: 100,
  maxJoinsPerSecond: 100,
  maxMessagesPerSecond: Infinity,
  rateReadMs: 5_000,
  rateReadings: 12,
  limitMs: 24_000,
  walsenderMs: 9_000,
  coldStart: { replyMs: 280, broadcastMs: 360, confirmMs: 780, subscribeMs: 2_600 },
  startsCold: false,
  maxRecordBytes: 1_048_576,
};
