import assert from "node:assert/strict";
import { startPostgres } from "../database/postgres_server.ts";
import type { Session } from "../database/postgres_session.ts";
import { createSupabaseDatabase, createUser } from "../database/supabase_database.ts";

const server = await startPostgres();
Deno.test.afterAll(() => server.stop());

const ROWS = 2_000;
// Measured: 13 to 88. A plan that reads all of the owner's rows for each row reads a thousand.
const MAX_BUFFERS_A_ROW = 200;

const addMany = (user: string) => `
  insert into public.files (user_id, filename, file_type)
  select '${user}', i, 'pdf' from generate_series(1, ${ROWS}) i;
`;
const addAgain = `
  insert into public.files (id, user_id, filename, file_type)
  select id, user_id, 'again', 'pdf' from public.file_deletions;
`;

/** Shared buffers that the queries inside functions touched while `run` ran, and their plans. */
async function measure(
  session: Session,
  notices: string[],
  run: () => Promise<unknown>,
): Promise<{ buffers: number; plans: string }> {
  await session.query(`
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_analyze = on;
    set auto_explain.log_buffers = on;
    set auto_explain.log_timing = off;
    set client_min_messages = log;
  `);
  notices.length = 0;
  await run();
  await session.query("set auto_explain.log_min_duration = -1; reset client_min_messages");
  let buffers = 0;
  for (const plan of notices) {
    // The first line of buffers is the topmost node's, which counts all below it.
    const [line = ""] = plan.match(/Buffers: shared.*/) ?? [];
    for (const [, count] of line.matchAll(/(?:hit|read)=(\d+)/g)) buffers += Number(count);
  }
  return {
    buffers,
    plans: notices.join("\n").slice(-9_000),
  };
}

for (
  const [what, before, write] of [
    ["deletes", addMany, (user) => `delete from public.files where user_id = '${user}'`],
    [
      "deletes and puts back",
      (user) => `${addMany(user)} delete from public.files where user_id = '${user}'`,
      () => addAgain,
    ],
    [
      "gives away",
      addMany,
      (user, other) => `update public.files set user_id = '${other}' where user_id = '${user}'`,
    ],
    [
      "renames the ids of",
      addMany,
      (user) => `update public.files set id = gen_random_uuid() where user_id = '${user}'`,
    ],
    [
      "updates",
      addMany,
      (user) => `update public.files set progress = 1 where user_id = '${user}'`,
    ],
    [
      "adds in REPEATABLE READ",
      () => "",
      (user) => `begin isolation level repeatable read; ${addMany(user)} commit`,
    ],
    ["truncates", addMany, () => "truncate public.files"],
  ] as [string, (user: string) => string, (user: string, other: string) => string][]
) {
  Deno.test(`a statement that ${what} ${ROWS} files reads no more a row than one of few`, async () => {
    await using database = await createSupabaseDatabase(server);
    const notices: string[] = [];
    await using session = await database.connect({ onNotice: (it) => notices.push(it) });
    const [user, other] = [await createUser(session), await createUser(session)];
    // The planner knows 2,000 users with one file and one tombstone each, and learns nothing more.
    await session.query(`
      alter table public.files set (autovacuum_enabled = off);
      alter table public.file_deletions set (autovacuum_enabled = off);
      insert into auth.users (id) select gen_random_uuid() from generate_series(1, 2000);
      insert into public.files (user_id, filename, file_type) select id, 'a', 'pdf' from auth.users;
    `);
    await session.query("vacuum analyze public.files");
    await session.query("analyze public.file_deletions");
    // The session keeps the plans that it makes for one row.
    for (let run = 0; run < 8; run++) {
      await session.query(`
        insert into public.files (user_id, filename, file_type) values ('${other}', 'one', 'pdf');
        update public.files set progress = 1 where user_id = '${other}' and filename = 'one';
        update public.files set id = gen_random_uuid() where user_id = '${other}' and filename = 'one';
        delete from public.files where user_id = '${other}' and filename = 'one';
      `);
    }
    await session.query("delete from public.file_deletions where true");
    if (before(user)) await session.query(before(user));
    const { buffers, plans } = await measure(
      session,
      notices,
      () => session.query(write(user, other)),
    );
    assert.ok(buffers > 0);
    assert.ok(buffers <= MAX_BUFFERS_A_ROW * ROWS, `${buffers} buffers\n${plans}`);
  });
}
