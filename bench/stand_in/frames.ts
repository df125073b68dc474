import type { FileRow } from "./file_table.ts";

/** Parts of a channel's join that its messages repeat. */
export interface Channel {
  readonly topic: string;
  readonly kind: "broadcast" | "postgres_changes";
}

const encoder = new TextEncoder();
/** What the first byte of a binary frame says: a broadcast of the server. */
const USER_BROADCAST = 4;
const JSON_PAYLOAD = 1;

/** A message about a changed row as Realtime sends it to `channel` (protocol version 2.0.0). */
export function changeFrame(
  { topic, kind }: Channel,
  row: FileRow,
  userId: string,
): string | Uint8Array<ArrayBuffer> {
  return kind === "broadcast"
    ? broadcastFrame(topic, row)
    : postgresChangesFrame(topic, row, userId);
}

function broadcastFrame(topic: string, row: FileRow): Uint8Array<ArrayBuffer> {
  const event = "change";
  const id = crypto.randomUUID();
  const metadata = JSON.stringify({ id });
  const payload = JSON.stringify({ file: row, operation: "update", id });
  const lengths = [topic.length, event.length, metadata.length];
  const text = encoder.encode(topic + event + metadata + payload);
  const frame = new Uint8Array(5 + text.length);
  frame.set([USER_BROADCAST, ...lengths, JSON_PAYLOAD]);
  frame.set(text, 5);
  return frame;
}

/** The columns of `public.files` with their types, which each message repeats. */
const columns = Object.entries({
  id: "uuid",
  user_id: "uuid",
  filename: "text",
  file_type: "text",
  status: "text",
  progress: "int4",
  processing_stage: "text",
  error_message: "text",
  created_at: "timestamptz",
  updated_at: "timestamptz",
  revision: "int8",
  changed_in: "xid8",
}).map(([name, type]) => ({ name, type }));

function postgresChangesFrame(topic: string, row: FileRow, userId: string): string {
  const data = {
    table: "files",
    type: "UPDATE",
    record: { ...row, user_id: userId, updated_at: row.created_at },
    columns,
    errors: null,
    schema: "public",
    commit_timestamp: new Date().toISOString(),
    old_record: { id: row.id },
  };
  return JSON.stringify([null, null, topic, "postgres_changes", { data, ids: [FILES_ID] }]);
}

/** The id that the answer to a join gives the subscription of the table `files`. */
const FILES_ID = 1;

/** The subscriptions that a join asks for, with the ids that the server gives them. */
export function withIds(subscriptions: readonly { table?: string }[]): object[] {
  return subscriptions.map((it) => ({ id: it.table === "files" ? FILES_ID : FILES_ID + 1, ...it }));
}
