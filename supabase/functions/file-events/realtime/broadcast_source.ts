import type { RealtimeSystemPayload } from "@supabase/supabase-js";
import { parseFileDeletion, parseFileUpdate } from "../rows/parse_file_change.ts";
import type { FeedMessage } from "../stream/file_feed.ts";
import type { ChannelSource } from "./channel_source.ts";

/**
 * Receives changes as broadcasts. Triggers of the database send them to the user's private topic
 * (`supabase/migrations/…_file_events_broadcast.sql`). They arrive within milliseconds and include
 * deletions. Realtime authorizes the user once, at the join.
 */
export const broadcastSource: ChannelSource = {
  topic: (userId) => `files:${userId}`,
  options: { config: { private: true, broadcast: { replication_ready: true } } },
  listen(channel, _userId, emit) {
    channel
      .on("broadcast", { event: "change" }, ({ payload }) => emit(parseChange(payload)))
      // One statement changed so many rows that the message does not contain them.
      .on("broadcast", { event: "many" }, () => emit({ kind: "hint" }));
  },
  confirms: ({ extension, status }: RealtimeSystemPayload) =>
    extension === "system" && status === "ok",
};

function parseChange(payload: { operation?: unknown; file?: unknown } | undefined): FeedMessage {
  const parse = payload?.operation === "delete" ? parseFileDeletion : parseFileUpdate;
  const change = parse(payload?.file);
  return change ? { kind: "change", change } : { kind: "hint" };
}
