import type { RealtimeChannel, RealtimeChannelOptions } from "@supabase/supabase-js";

/** A request for a channel on a connected socket. */
export interface ChannelRequest {
  readonly topic: string;
  readonly options: RealtimeChannelOptions;
  /** Whether the server refused the user's last join because of the user. */
  readonly wasRefused: boolean;
  /** Takes the channel. It must join the channel at once. */
  readonly onChannel: (channel: RealtimeChannel) => void;
  /** Takes the request back, or leaves the channel. */
  readonly signal: AbortSignal;
}
