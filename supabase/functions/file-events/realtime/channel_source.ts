import type {
  RealtimeChannel,
  RealtimeChannelOptions,
  RealtimeSystemPayload,
} from "@supabase/supabase-js";
import type { FeedMessage } from "../stream/file_feed.ts";

/** One way to receive a user's changes over a Realtime channel. */
export interface ChannelSource {
  topic(userId: string): string;
  readonly options: RealtimeChannelOptions;
  /** Registers what the channel listens to. The feed calls it before it joins the channel. */
  listen(channel: RealtimeChannel, userId: string, emit: (message: FeedMessage) => void): void;
  /**
   * Whether this `system` message says that changes arrive from now on. The status SUBSCRIBED does
   * not say so: changes can be missing for seconds after it.
   */
  confirms(system: RealtimeSystemPayload): boolean;
}
