import assert from "node:assert/strict";
import { server } from "../support/test_server.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";
import { createSupabaseDatabase, createUser } from "../../local/postgres/supabase_database.ts";

// The planner works with statistics that may be old, and a session keeps plans that it made while
// a table was tiny. Whatever they say, the triggers read a number of rows that grows with the number
// of rows written, not with its square.

const FILES = 2_000;
/** Rows that all triggers together may read for each row that is written. */
const MAX_ROWS_READ = 12;

const add = (count: number) =>
  `insert into public.files (id, user_id, filename, file_type)
    select md5(i::text)::uuid, (select id from test_user), i, 'pdf' from generate_series(1, ${count}) i`;
const each = (statement: string) =>
  `do $$ declare file record; begin
    for file in select id from public.files where user_id = (select id from test_user) loop
      ${statement};
    end loop;
  end $$`;
const byOwner = "where user_id = (select id from test_user)";

/** By what is written: what comes before it in the same transaction, and the write. */
const WRITES: Record<string, [before: string, write: string]> = {
  "an insert": ["", add(FILES)],
  "inserts of a row each": [
    "",
    `do $$ begin for i in 1 .. ${FILES} loop
      insert into public.files (user_id, filename, file_type)
      select id, i, 'pdf' from test_user;
    end loop; end $$`,
  ],
  "an insert in REPEATABLE READ": ["set transaction isolation level repeatable read", add(FILES)],
  "an insert of ids that were deleted": [
    `${add(FILES)}; delete from public.files ${byOwner}`,
    add(FILES),
  ],
  "an update": [add(FILES), `update public.files set progress = 1 ${byOwner}`],
  "updates of a row each": [
    add(FILES),
    each("update public.files set progress = 1 where id = file.id"),
  ],
  "a change of owner": [
    add(FILES),
    `update public.files set user_id = (select id from other_user) ${byOwner}`,
  ],
  "a change of id": [add(FILES), `update public.files set id = gen_random_uuid() ${byOwner}`],
  "a delete": [add(FILES), `delete from public.files ${byOwner}`],
  "deletes of a row each": [add(FILES), each("delete from public.files where id = file.id")],
  "a delete and an insert in one statement": [
    add(FILES),
    `with gone as (delete from public.files ${byOwner} returning *)
      insert into public.files (id, user_id, filename, file_type)
      select id, user_id, filename, file_type from gone`,
  ],
  "a truncate": [add(FILES), "truncate public.files"],
};

/** By what the planner knows: what has happened in the session before. */
const PASTS: Record<string, string> = {
  "statistics say that each user has one file": `
    insert into auth.users (id) select gen_random_uuid() from generate_series(1, 3000);
    insert into public.files (user_id, filename, file_type)
      select id, 'a', 'pdf' from auth.users;
    insert into public.file_deletions (revision, id, user_id, changed_in)
      select nextval('file_events.revisions'), gen_random_uuid(), id, '5' from auth.users;
    analyze public.files; analyze public.file_deletions`,
  "statistics say that each deletion is of the same file": `
    insert into public.file_deletions (revision, id, user_id, changed_in)
      select nextval('file_events.revisions'), '00000000-0000-4000-8000-000000000000',
        (select id from test_user), '5' from generate_series(1, 3000);
    analyze public.files; analyze public.file_deletions`,
  "plans were made while the tables were empty": `
    analyze public.files; analyze public.file_deletions;
    do $$ begin for n in 1 .. 8 loop
      ${add(2)};
      update public.files set progress = 1 ${byOwner};
      update public.files set id = gen_random_uuid() ${byOwner};
      update public.files set user_id = (select id from other_user) ${byOwner};
      delete from public.files where true;
      ${add(2)};
      with gone as (delete from public.files ${byOwner} returning *)
        insert into public.files (id, user_id, filename, file_type)
        select id, user_id, filename, file_type from gone;
      truncate public.files;
    end loop; end $$`,
};

for (const [past, prepare] of Object.entries(PASTS)) {
  Deno.test(`the triggers' work grows with the rows written though ${past}`, async (test) => {
    await using database = await createSupabaseDatabase(server);
    await using session = await database.connect();
    await session.query(`
      alter table public.files set (autovacuum_enabled = off);
      alter table public.file_deletions set (autovacuum_enabled = off);
      create temporary table test_user as select '${await createUser(session)}'::uuid as id;
      create temporary table other_user as select '${await createUser(session)}'::uuid as id;
      ${prepare};
    `);
    for (const [name, [before, write]] of Object.entries(WRITES)) {
      await test.step(name, async () => {
        await session.query("begin");
        await session.query(before || "select 1");
        const readBefore = await rowsRead(session);
        await session.query(write);
        const read = await rowsRead(session) - readBefore;
        await session.query("rollback");
        // What the past has left is read once by a write that reads the whole table.
        const limit = MAX_ROWS_READ * FILES + 10_000;
        assert.ok(read <= limit, `${read} rows for ${FILES}, at most ${limit} are allowed`);
      });
    }
  });
}

Deno.test("a wrong estimate never starts the compiler in a trigger", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  // Where the server has no compiler, nothing else would show.
  const functions = await owner.query<{ name: string; settings: string }>(`
    select p.proname::text as name, p.proconfig::text as settings from pg_proc p
    where p.pronamespace = 'file_events'::regnamespace
      and p.proconfig::text like '%enable_seqscan=off%'
  `);
  assert.equal(functions.length, 6);
  for (const { name, settings } of functions) assert.match(settings, /jit=off/, name);
});

/** Of both tables, in this transaction. */
async function rowsRead(session: Session): Promise<number> {
  const [row] = await session.query<{ read: string }>(`
    select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) as read
    from pg_stat_xact_user_tables where relname in ('files', 'file_deletions')
  `);
  return Number(row!.read);
}
