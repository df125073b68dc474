import assert from "node:assert/strict";
import type { Session } from "../../local/postgres/postgres_session.ts";
import { actAsOwner } from "../../local/postgres/supabase_database.ts";

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
