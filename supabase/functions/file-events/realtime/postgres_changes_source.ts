import { parseFileDeletion, parseFileUpdate } from "../rows/parse_file_change.ts";
import type { ChannelSource } from "./channel_source.ts";

/**
 * Receives changes from Realtime's `postgres_changes`. Deletions arrive as inserts into
 * `file_deletions`, because Realtime does not filter a DELETE, and its message does not name the user.
 *
 * Both tables must be in the publication `supabase_realtime` (`supabase/scripts`).
 */
export const postgresChangesSource: ChannelSource = {
  topic: (userId) => `files-${userId}`,
  options: { config: {} },
  listen(channel, userId, emit) {
    const filter = `user_id=eq.${userId}`;
    const schema = "public";
    channel
      .on("postgres_changes", { event: "*", schema, table: "files", filter }, (payload) => {
        // Every user receives the DELETEs of all users.
        if (payload.eventType === "DELETE") return;
        const change = parseFileUpdate(payload.new);
        emit(change ? { kind: "change", change } : { kind: "hint" });
      })
      .on(
        "postgres_changes",
        { event: "INSERT", schema, table: "file_deletions", filter },
        (payload) => {
          const change = parseFileDeletion(payload.new);
          emit(change ? { kind: "change", change } : { kind: "hint" });
        },
      );
  },
  confirms: ({ extension, status }) => extension === "postgres_changes" && status === "ok",
};
