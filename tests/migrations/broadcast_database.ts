import assert from "node:assert/strict";
import { openPglite } from "../pglite_database.ts";
import type { PostgresServer } from "../postgres_server.ts";
import type { Session } from "../postgres_session.ts";
import {
  actAsOwner,
  createSupabaseDatabase,
  migrations,
  type SupabaseDatabase,
} from "../supabase_database.ts";

/** The migration under test, and the embedded stand-in for Realtime's schema. */
export const broadcastMigration = "migrations/20261123000200_file_events_broadcast.sql";
export const realtimeSchema = "../local/realtime/sql/messages.sql";

/** A real server's database with change tracking, Realtime's schema and the broadcast. */
export function createBroadcastDatabase(server: PostgresServer): Promise<SupabaseDatabase> {
  return createSupabaseDatabase(server, [...migrations, realtimeSchema, broadcastMigration]);
}

/** The same embedded; it has Realtime's schema from the start. */
export function openBroadcastPglite() {
  return openPglite([...migrations, broadcastMigration]);
}

/** A row of `realtime.messages`. */
export interface SentMessage {
  topic: string;
  event: string;
  private: boolean;
  payload: { id: string; operation?: string; file?: Record<string, unknown> };
}

/** What committed writes have sent since the last call, in order. Leaves the session the owner's. */
export async function takeMessages(session: Session): Promise<SentMessage[]> {
  await actAsOwner(session);
  const messages = await session.query<SentMessage & { extension: string }>(
    `with taken as (delete from realtime.broadcast_outbox returning *)
    select m.topic, m.event, m.private, m.payload, m.extension
    from taken join realtime.messages m on m.id = taken.message_id order by taken.position`,
  );
  return messages.map(({ extension, ...message }) => {
    assert.equal(extension, "broadcast");
    assert.equal(message.private, true);
    return message;
  });
}
