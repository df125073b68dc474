import { DATABASE_NAMES } from "../database_names.ts";
import { parseFileDeletion, parseFileUpdate } from "../rows/parse_file_change.ts";
import { parseTransaction } from "../rows/parse_transaction.ts";
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
 * deletions. A broadcast contains a changed row, or is a ping, which says only that something has
 * changed. Realtime authorizes the user once, at the join.
 */
export const broadcastSource: ChannelSource = {
  topic: (userId) => `${DATABASE_NAMES.topicPrefix}${userId}`,
  config: () => CONFIG,
  read(event, payload) {
    if (event !== "broadcast") return;
    const broadcast = (payload ?? {}) as { event?: unknown; payload?: unknown };
    switch (broadcast.event) {
      case "change":
        return readChange(broadcast.payload);
      case "ping":
        return readPing(broadcast.payload, { concernsMany: false });
      case "many":
        return readPing(broadcast.payload, { concernsMany: true });
    }
  },
  confirms: ({ extension, status }) => extension === "system" && status === "ok",
};

function readChange(payload: unknown): FeedMessage {
  const { operation, file } = (payload ?? {}) as { operation?: unknown; file?: unknown };
  const change = operation === "delete" ? parseFileDeletion(file) : parseFileUpdate(file);
  return change ? { kind: "change", change } : { kind: "hint" };
}

function readPing(payload: unknown, { concernsMany }: { concernsMany: boolean }): FeedMessage {
  const changedIn = parseTransaction((payload as { changed_in?: unknown } | null)?.changed_in);
  return changedIn === undefined ? { kind: "hint" } : { kind: "ping", changedIn, concernsMany };
}
