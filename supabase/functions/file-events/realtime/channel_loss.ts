/** Why a channel has ended, or was not joined. */
export type ChannelLoss =
  /** The channel's socket was lost. */
  | { readonly kind: "socket" }
  /** The server refused the join. `reason` is the server's text. */
  | { readonly kind: "refusal"; readonly reason: string }
  /** The server closed the channel, its process crashed, or it did not answer. */
  | { readonly kind: "failure"; readonly reason: string };
