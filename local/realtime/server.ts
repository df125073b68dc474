import type { Database } from "../database.ts";
import type { BroadcastFeed } from "./broadcast_feed.ts";
import type { ChangeFeed } from "./change_feed.ts";
import type { RealtimeOptions } from "./options.ts";
import type { Claims } from "./token.ts";
import type { WarmUp } from "./warm_up.ts";

/** What every socket and channel of a Realtime server shares. */
export interface RealtimeServer {
  readonly database: Database;
  readonly options: RealtimeOptions;
  readonly changes: ChangeFeed;
  readonly broadcasts: BroadcastFeed;
  /** Unix milliseconds. */
  now(): number;
  /** Claims of an access token or an API key; throws `TokenRefused`. */
  verify(token: string): Promise<Claims>;
  /** Whether a channel that joins now hears nothing (a fault on demand). */
  isDeafToNewcomers(): boolean;
  readonly warmUp: WarmUp;
  /** Counts a message to one channel. False if it is dropped, as all are above the limit. */
  admitsMessage(): boolean;
  /** Counts a join. False if there are too many. */
  admitsJoin(): boolean;
  /** Owns a work that nobody waits for: it is reported when it fails, and awaited at the stop. */
  background(work: Promise<void>): void;
}
