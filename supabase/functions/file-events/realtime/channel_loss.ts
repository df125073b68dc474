/** Why a channel has ended, or was not joined. */
export type ChannelLoss =
  /** The channel's socket was lost. */
  | { readonly kind: "socket" }
  /** The server refused the join. `reason` is the server's text. */
  | { readonly kind: "refusal"; readonly reason: string }
  /** The server closed the channel, its process crashed, or it did not answer. */
  | { readonly kind: "failure"; readonly reason: string };

/**
 * Reads what supabase-js reports when a channel ends.
 *
 * @param status Any status but SUBSCRIBED.
 */
export function readChannelLoss(status: string, error: Error | undefined): ChannelLoss {
  // The cause is the socket's close event, or the server's answer to the join.
  const { code, reason } = (error?.cause ?? {}) as { code?: unknown; reason?: unknown };
  if (typeof code === "number") return { kind: "socket" };
  if (typeof reason === "string") return { kind: "refusal", reason };
  return { kind: "failure", reason: error?.message ?? status };
}
