import type { ChannelLoss } from "./channel_loss.ts";

/** A request for a channel. */
export interface ChannelRequest {
  /** Without the prefix `realtime:` that it has in frames. */
  readonly topic: string;
  /** What the join sends: the configuration of the channel, and the user's token. */
  readonly join: { readonly config: unknown; readonly access_token: string };
  /** Whether the server refused the user's last join because of the user. */
  readonly wasRefused: boolean;
  readonly listener: ChannelListener;
}

/** Receives what happens to a channel. Nothing is reported after a loss. */
export interface ChannelListener {
  /** The server has accepted the join. */
  onJoined(): void;
  /** A message of the server on the joined channel. */
  onMessage(event: string, payload: unknown): void;
  onLoss(loss: ChannelLoss): void;
}
