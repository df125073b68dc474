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
  /** From the reply of a join to "Subscribed to PostgreSQL"; changes in between are missed. */
  subscribeMs: number;
  /** From a new token to the second "Subscribed to PostgreSQL". */
  resubscribeMs: number;
  maxChannelsPerSocket: number;
  maxJoinsPerSecond: number;
  /** Larger records arrive with their long fields removed. */
  maxRecordBytes: number;
}

/** As on a real server, except for the delay of reading changes: there is no log to poll. */
export const defaultRealtimeOptions: RealtimeOptions = {
  refusedJoinMs: 5_000,
  refusedKeyMs: 2_000,
  idleMs: 66_000,
  pollMs: 0,
  subscribeMs: 0,
  resubscribeMs: 1_000,
  maxChannelsPerSocket: 100,
  maxJoinsPerSecond: 100,
  maxRecordBytes: 1_048_576,
};
