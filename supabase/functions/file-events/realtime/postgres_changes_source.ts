import { parseFileDeletion, parseFileUpdate } from "../rows/parse_file_change.ts";
import { type ChannelSource, NO_PRESENCE } from "./channel_source.ts";

/** A row of the write-ahead log, as far as it is used. `record` is the row after the change. */
interface RowChange {
  readonly table?: unknown;
  readonly type?: unknown;
  readonly record?: unknown;
}

/**
 * Receives changes from Realtime's `postgres_changes`. Deletions arrive as inserts into
 * `file_deletions`, because Realtime does not filter a DELETE, and its message does not name the user.
 *
 * Only the default table can be received in this way, because its columns have the protocol's names.
 * Both tables must be in the publication `supabase_realtime` (`supabase/scripts`).
 */
export const postgresChangesSource: ChannelSource = {
  topic: (userId) => `files-${userId}`,
  config(userId) {
    const filter = `user_id=eq.${userId}`;
    const schema = "public";
    return {
      broadcast: { ack: false, self: false },
      presence: NO_PRESENCE,
      postgres_changes: [
        { event: "*", schema, table: "files", filter },
        { event: "INSERT", schema, table: "file_deletions", filter },
      ],
      private: false,
    };
  },
  read(event, payload) {
    if (event !== "postgres_changes") return;
    const { data } = (payload ?? {}) as { data?: RowChange };
    const { table, type, record } = data ?? {};
    // Every user receives the DELETEs of all users.
    if (type === "DELETE") return;
    // Each table has one subscription, so the ids of the subscriptions add nothing to its name.
    const change = table === "file_deletions" ? parseFileDeletion(record) : parseRow(record);
    return change ? { kind: "change", change } : { kind: "hint" };
  },
  confirms: ({ extension, status }) => extension === "postgres_changes" && status === "ok",
};

/** `extra` and `final` can be columns of the user's own. Here they have no meaning. */
function parseRow(record: unknown) {
  return parseFileUpdate({ ...Object(record), extra: undefined, final: undefined });
}
