import { parseFileDeletion, parseFileUpdate } from "../rows/parse_file_change.ts";
import type { ChannelSource } from "./channel_source.ts";

/**
 * Hears of changes from Realtime's `postgres_changes`. Deletions come as inserts into
 * `file_deletions`: a DELETE itself is not filtered, and has no user to tell it apart by.
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
