import assert from "node:assert/strict";
import { server } from "../support/test_server.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";
import { createSupabaseDatabase, createUser } from "../../local/postgres/supabase_database.ts";

const database = await createSupabaseDatabase(server);
const notices: string[] = [];
const session = await database.connect({ onNotice: (message) => notices.push(message) });
Deno.test.afterAll(() => database[Symbol.asyncDispose]());

/**
 * How many transaction ids a statement takes, subtransactions included. The fewest of three:
 * autovacuum takes some too.
 */
async function transactionIds(session: Session, sql: string): Promise<number> {
  const counts: number[] = [];
  for (let run = 0; run < 3; run++) {
    const before = await nextId(session);
    await session.query(sql);
    counts.push(await nextId(session) - before - 1);
  }
  return Math.min(...counts);
}

async function nextId(session: Session): Promise<number> {
  const [row] = await session.query<{ id: string }>("select pg_current_xact_id()::text as id");
  return Number(row!.id);
}

const insertOfMany = (rows: number, owner: string) =>
  `insert into public.files (user_id, filename, file_type)
    select ${owner}, i, 'pdf' from generate_series(1, ${rows}) i`;

for (
  const [what, sql, ids] of [
    // The write itself, the guard against a failing send, the message.
    ["one file", (user: string) => insertOfMany(1, `'${user}'`), 3],
    ["50 files", (user: string) => insertOfMany(50, `'${user}'`), 52],
    ["20,000 files", (user: string) => insertOfMany(20_000, `'${user}'`), 3],
    [
      "1,000 files that are stamped twice",
      (user: string) =>
        `begin isolation level repeatable read; ${insertOfMany(1_000, `'${user}'`)}; commit`,
      // One more guards the second stamps.
      4,
    ],
    [
      "20,000 files of 20,000 owners",
      () =>
        `begin; set local session_replication_role = replica;
        insert into auth.users (id) select gen_random_uuid() from generate_series(1, 20000);
        set local session_replication_role = origin;
        insert into public.files (user_id, filename, file_type)
          select id, 'a', 'pdf' from auth.users order by id limit 20000;
        commit`,
      1002,
    ],
    [
      "an update that changes nothing",
      (user: string) => `update public.files set progress = progress where user_id = '${user}'`,
      1,
    ],
  ] as const
) {
  Deno.test(`broadcast() of ${what} takes ${ids} transaction ids`, async () => {
    const user = await createUser(session);
    await session.query(insertOfMany(1, `'${user}'`));
    assert.equal(await transactionIds(session, sql(user)), ids);
    await session.query("delete from public.files where user_id <> gen_random_uuid()");
  });
}

Deno.test("broadcast() compares the rows of an update by sets, whatever a session did before", async () => {
  const user = await createUser(session);
  await session.query(insertOfMany(2_000, `'${user}'`));
  // A session plans for itself five times, then it may keep a plan.
  for (let run = 0; run < 10; run++) {
    await session.query("update public.files set progress = progress + 1 where filename = '1'");
  }
  await session.query(`
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set client_min_messages = log;
  `);
  notices.length = 0;
  await session.query("update public.files set progress = progress + 1 where progress < 50");
  await session.query("set auto_explain.log_min_duration = -1; reset client_min_messages");
  const plan = notices.find((notice) => notice.includes("with changed "))!;
  assert.equal(plan.match(/SetOp Except/g)?.length, 2, plan);
  assert.doesNotMatch(plan, /Nested Loop|Anti Join/);
});
