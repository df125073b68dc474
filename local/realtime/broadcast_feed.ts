import type { Database } from "../database.ts";
import { coalesced } from "./coalesced.ts";
import type { Broadcast } from "./protocol.ts";

/** Takes the broadcasts of one topic. */
export type BroadcastListener = (broadcast: Broadcast) => void;

/** A topic; a private one and a public one of the same name have nothing in common. */
export interface Topic {
  /** Without the prefix `realtime:`. */
  name: string;
  isPrivate: boolean;
}

/** Broadcasts between channels, and from the database (`realtime.send`) to channels. */
export interface BroadcastFeed {
  subscribe(topic: Topic, listener: BroadcastListener): () => void;
  publish(topic: Topic, message: Omit<Broadcast, "topic">, sender?: BroadcastListener): void;
  /** The newest messages of a private topic since `since` (Unix milliseconds), oldest first. */
  history(name: string, range: { since: number; limit: number }): Promise<Broadcast[]>;
  stop(): Promise<void>;
}

interface MessageRow {
  id: string;
  topic: string;
  event: string;
  private: boolean;
  payload: string;
}

export async function createBroadcastFeed(
  database: Database,
  { isReplicating, report }: {
    /** Whether what is written now arrives. */
    isReplicating: () => boolean;
    report: (error: unknown) => void;
  },
): Promise<BroadcastFeed> {
  const listeners = new Map<string, Set<BroadcastListener>>();
  const keyOf = ({ name, isPrivate }: Topic) => `${isPrivate ? "private" : "public"}:${name}`;

  function publish(topic: Topic, message: Omit<Broadcast, "topic">, sender?: BroadcastListener) {
    for (const listener of listeners.get(keyOf(topic)) ?? []) {
      if (listener !== sender) listener({ topic: `realtime:${topic.name}`, ...message });
    }
  }

  const reading = coalesced(async () => {
    const messages = await database.query<MessageRow>(
      `with taken as (delete from realtime.broadcast_outbox returning *)
       select m.id, m.topic, m.event, m.private, m.payload::text as payload
       -- One look-up each: the planner, who can't know how few are taken, would read all messages.
       from taken cross join lateral (
         select * from realtime.messages m where m.id = taken.message_id limit 1
       ) m order by taken.position`,
    );
    if (!isReplicating()) return;
    for (const { id, topic, event, payload, ...message } of messages) {
      publish(
        { name: topic, isPrivate: message.private },
        { event, payload, meta: JSON.stringify({ id }) },
      );
    }
  }, report);
  const unlisten = await database.listen("realtime_broadcast", () => reading.request());

  return {
    subscribe(topic, listener) {
      const key = keyOf(topic);
      const ofTopic = listeners.get(key) ?? new Set();
      listeners.set(key, ofTopic.add(listener));
      return () => {
        ofTopic.delete(listener);
        if (ofTopic.size === 0 && listeners.get(key) === ofTopic) listeners.delete(key);
      };
    },
    publish,
    async history(name, { since, limit }) {
      const messages = await database.query<MessageRow>(
        `select id, event, payload::text as payload from realtime.messages
         where topic = $1 and private and extension = 'broadcast'
           and inserted_at >= to_timestamp($2 / 1000.0) at time zone 'UTC'
         order by inserted_at desc limit $3`,
        [name, since, limit],
      );
      return messages.reverse().map(({ id, event, payload }) => ({
        topic: `realtime:${name}`,
        event,
        payload,
        meta: JSON.stringify({ id, replayed: true }),
      }));
    },
    async stop() {
      await unlisten();
      await reading.idle();
    },
  };
}
