import type { FeedMessage } from "../stream/file_feed.ts";

/** One way to receive a user's changes over a Realtime channel. */
export interface ChannelSource {
  topic(userId: string): string;
  /** The `config` in the payload of the join. */
  config(userId: string): unknown;
  /** What a message of the channel says. `undefined`: nothing that concerns the user. */
  read(event: string, payload: unknown): FeedMessage | undefined;
  /**
   * Whether this `system` message says that changes arrive from now on. The answer to the join does
   * not say so: changes can be missing for seconds after it.
   */
  confirms(system: SystemMessage): boolean;
}

/** The payload of a `system` message, as far as it is used. */
export interface SystemMessage {
  readonly extension?: unknown;
  /** `ok` or `error`. */
  readonly status?: unknown;
}

/** Says in each join that presence is not wanted, as supabase-js does. */
export const NO_PRESENCE = { key: "", enabled: false };
