import type { PGlite } from "@supabase/lite/pglite";
import type { Database } from "../database.ts";
import type { Claims } from "./token.ts";

/** What the policies on `realtime.messages` allow on a private topic. */
export interface TopicRights {
  read: boolean;
  write: boolean;
}

/** Asks the policies, as a real server does: with a message of the topic that is never committed. */
export function authorizeTopic(
  database: Database,
  { topic, claims }: { topic: string; claims: Claims },
): Promise<TopicRights> {
  return database.exclusive(async (session) => {
    const rights = { read: false, write: false };
    await session.transaction(async (transaction) => {
      const { rows } = await transaction.query<{ id: string }>(
        `insert into realtime.messages (topic, extension) values ($1, 'broadcast') returning id`,
        [topic],
      );
      await impersonate(transaction, claims, topic);
      rights.read = await isVisible(transaction, rows[0]!.id);
      rights.write = await mayInsert(transaction, topic);
      await transaction.rollback();
    });
    return rights;
  });
}

type Transaction = Parameters<Parameters<PGlite["transaction"]>[0]>[0];

async function impersonate(transaction: Transaction, claims: Claims, topic: string): Promise<void> {
  await transaction.query(
    `select set_config('realtime.topic', $1, true), set_config('request.jwt.claims', $2, true),
       set_config('request.jwt.claim.sub', $3, true),
       set_config('request.jwt.claim.role', $4, true), set_config('role', $4, true)`,
    [topic, JSON.stringify(claims), claims.sub ?? "", claims.role],
  );
}

async function isVisible(transaction: Transaction, id: string): Promise<boolean> {
  const { rows } = await transaction.query(`select from realtime.messages where id = $1`, [id]);
  return rows.length > 0;
}

async function mayInsert(transaction: Transaction, topic: string): Promise<boolean> {
  try {
    await transaction.query(
      `insert into realtime.messages (topic, extension) values ($1, 'broadcast')`,
      [topic],
    );
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "42501") return false;
    throw error;
  }
}
