import { parseFileDeletion, parseFileUpdate } from "../rows/parse_file_change.ts";
import type { FeedMessage } from "../stream/file_feed.ts";
import { type ChannelSource, NO_PRESENCE } from "./channel_source.ts";

/** The `config` of every join. */
const CONFIG = {
  broadcast: { ack: false, self: false, replication_ready: true },
  presence: NO_PRESENCE,
  postgres_changes: [],
  private: true,
};

/**
 * Receives changes as broadcasts. Triggers of the database send them to the user's private topic
 * (`supabase/migrations/…_file_events_broadcast.sql`). They arrive within milliseconds and include
 * deletions. Realtime authorizes the user once, at the join.
 */
export const broadcastSource: ChannelSource = {
  topic: (userId) => `files:${userId}`,
  config: () => CONFIG,
  read(event, payload) {
    if (event !== "broadcast") return;
    const broadcast = (payload ?? {}) as { event?: unknown; payload?: unknown };
    if (broadcast.event === "change") return readChange(broadcast.payload);
    // One statement changed so many rows that the message does not contain them.
    if (broadcast.event === "many") return { kind: "hint" };
  },
  confirms: ({ extension, status }) => extension === "system" && status === "ok",
};

function readChange(payload: unknown): FeedMessage {
  const { operation, file } = (payload ?? {}) as { operation?: unknown; file?: unknown };
  const change = operation === "delete" ? parseFileDeletion(file) : parseFileUpdate(file);
  return change ? { kind: "change", change } : { kind: "hint" };
}
