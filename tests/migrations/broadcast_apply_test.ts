import assert from "node:assert/strict";
import { changesSince } from "../../local/postgres/changes_since.ts";
import { server } from "../support/test_server.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";
import {
  createSupabaseDatabase,
  createUser,
  migrations,
  readSql,
  realtimeSchema,
} from "../../local/postgres/supabase_database.ts";
import { takeMessages } from "./take_messages.ts";

const [filesTable, changeTracking, broadcast] = migrations as [string, string, string];
const removal = "scripts/remove_file_events.sql";
const dropRealtime = "drop schema realtime cascade";
const addFile = "insert into public.files (user_id, filename, file_type) values ($1, 'a', 'pdf')";

async function run(session: Session, ...scripts: string[]): Promise<void> {
  for (const script of scripts) await session.query(await readSql(script));
}

/** Everything in a database that a migration could add, take away or change. */
function describe(session: Session) {
  return session.query(`
    select 'trigger' as kind, tgrelid::regclass || ' ' || pg_get_triggerdef(oid) as name
      from pg_trigger where not tgisinternal
    union all select 'function', oid::regprocedure || ' ' || md5(pg_get_functiondef(oid))
      || coalesce(proacl::text, '') from pg_proc
      where pronamespace::regnamespace::text in ('public', 'file_events', 'realtime')
        and prokind = 'f'
    union all select 'relation', oid::regclass || ' ' || relrowsecurity || coalesce(relacl::text, '')
      from pg_class where relnamespace::regnamespace::text in ('public', 'file_events', 'realtime')
    union all select 'column', attrelid::regclass || '.' || attname from pg_attribute
      where attrelid = 'public.files'::regclass and attnum > 0 and not attisdropped
    union all select 'policy', to_jsonb(p)::text from pg_policies p
    union all select 'schema', nspname || coalesce(nspacl::text, '') from pg_namespace
    order by 1, 2
  `);
}

const ownPolicies = `
  create policy "everybody reads" on realtime.messages for select to authenticated, anon
    using (true);
  create policy "everybody writes" on realtime.messages for insert to authenticated
    with check (true);
  create policy "not the staff's" on realtime.messages as restrictive for all to anon
    using (realtime.topic() <> 'staff');
`;

Deno.test("…_file_events_broadcast.sql can be applied again, and changes nothing then", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  const before = await describe(owner);
  await run(owner, broadcast);
  assert.deepEqual(await describe(owner), before);
  await owner.query(addFile, [await createUser(owner)]);
  assert.equal((await takeMessages(owner)).length, 1);
});

Deno.test("…_file_events_broadcast.sql adds four triggers, a function and two policies", async () => {
  await using database = await createSupabaseDatabase(server, [filesTable, changeTracking]);
  await using owner = await database.connect();
  await owner.query(ownPolicies);
  const before = (await describe(owner)).map(({ kind, name }) => `${kind} ${name}`);
  await run(owner, broadcast);
  const after = await describe(owner);
  const added = after.filter(({ kind, name }) => !before.includes(`${kind} ${name}`));
  assert.deepEqual(added.map(({ kind }) => kind), [
    "function",
    ...Array(2).fill("policy"),
    ...Array(4).fill("trigger"),
  ]);
  assert.equal(after.length, before.length + added.length);
});

Deno.test("…_file_events_broadcast.sql without Realtime says so, and waits until there is one", async () => {
  await using database = await createSupabaseDatabase(server, [filesTable, changeTracking]);
  const notices: string[] = [];
  await using owner = await database.connect({ onNotice: (message) => notices.push(message) });
  await owner.query(dropRealtime);
  await run(owner, broadcast);
  assert.match(notices.join("\n"), /no realtime\.messages here.*Apply this again/);
  const user = await createUser(owner);
  await owner.query(addFile, [user]);
  // Realtime comes, without the policies that guard what would be sent: nothing is.
  await run(owner, realtimeSchema);
  await owner.query("update public.files set progress = 1 where filename = 'a'");
  assert.deepEqual(await takeMessages(owner), []);
  await run(owner, broadcast);
  await owner.query("update public.files set progress = 2 where filename = 'a'");
  assert.equal((await takeMessages(owner)).length, 1);
});

Deno.test("…_file_events_broadcast.sql sends nothing but the streamed columns of a table of another shape", async () => {
  await using database = await createSupabaseDatabase(server, []);
  const notices: string[] = [];
  await using owner = await database.connect({ onNotice: (message) => notices.push(message) });
  await owner.query(`
    create type public.file_status as enum ('pending', 'ready');
    create table public.files (
      id uuid primary key, storage_key text, user_id uuid, filename varchar(255), file_type text,
      status public.file_status default 'pending', progress smallint default 0, password text,
      processing_stage text, error_message text, created_at date, notes jsonb
    );
  `);
  await run(owner, changeTracking, broadcast);
  const user = await createUser(owner);
  await owner.query(
    `insert into public.files (id, user_id, filename, storage_key, password, notes)
      values (gen_random_uuid(), $1, 'a', 'SECRET', 'SECRET', '"SECRET"'),
        (gen_random_uuid(), null, 'nobody', 'SECRET', 'SECRET', null)`,
    [user],
  );
  await owner.query("update public.files set password = 'SECRET!' where filename = 'a'");
  await owner.query("update public.files set status = 'ready' where filename <> ''");
  await owner.query("update public.files set user_id = null where filename = 'a'");
  // Rows of nobody don't count.
  await owner.query(
    `insert into public.files (id, filename, user_id)
      select gen_random_uuid(), 'mixed', case when i > 60 then $1::uuid end
      from generate_series(1, 61) i`,
    [user],
  );
  await owner.query("update public.files set progress = 1 where filename = 'mixed'");
  await owner.query(
    `insert into public.files (id, filename, user_id)
      select gen_random_uuid(), i, case when i > 55 then $1::uuid end
      from generate_series(1, 110) i`,
    [user],
  );
  await owner.query("truncate public.files");
  const messages = await takeMessages(owner);
  assert.deepEqual(notices.filter((notice) => /send/i.test(notice)), []);
  assert.deepEqual(messages.map(({ payload, event }) => payload.operation ?? event), [
    "update",
    "update",
    "delete",
    "update",
    "update",
    "ping",
    "ping",
  ]);
  for (const { topic, payload } of messages) {
    assert.equal(topic, `files:${user}`);
    assert.doesNotMatch(JSON.stringify(payload), /SECRET/);
  }
  const { file } = messages[1]!.payload;
  assert.deepEqual(Object.keys(file!).toSorted(), [
    "changed_in",
    "created_at",
    "error_message",
    "file_type",
    "filename",
    "final",
    "id",
    "processing_stage",
    "progress",
    "revision",
    "status",
  ]);
  assert.deepEqual(
    [file!.status, file!.progress, file!.file_type, file!.created_at],
    ["ready", 0, null, null],
  );
});

Deno.test("…_file_events_broadcast.sql sends the rows that were there before only when they change", async () => {
  await using database = await createSupabaseDatabase(server, [filesTable]);
  await using owner = await database.connect();
  const user = await createUser(owner);
  await owner.query(addFile, [user]);
  await owner.query(addFile, [user]);
  await run(owner, changeTracking, broadcast);
  assert.deepEqual(await takeMessages(owner), []);
  await owner.query("update public.files set progress = 1 where user_id = $1", [user]);
  assert.equal((await takeMessages(owner)).length, 2);
});

for (
  const [what, realtime, scripts] of [
    ["the broadcast", true, [changeTracking, broadcast]],
    ["change tracking without the broadcast", true, [changeTracking]],
    ["the broadcast without Realtime", false, [changeTracking, broadcast]],
  ] as const
) {
  Deno.test(`remove_file_events.sql takes away ${what}, twice or not, and nothing else`, async () => {
    await using database = await createSupabaseDatabase(server, [filesTable]);
    await using owner = await database.connect();
    await owner.query(realtime ? ownPolicies : dropRealtime);
    const shape = await describe(owner);
    await run(owner, ...scripts, removal);
    assert.deepEqual(await describe(owner), shape);
    await run(owner, removal);
    assert.deepEqual(await describe(owner), shape);
    await owner.query(addFile, [await createUser(owner)]);
    await owner.query("delete from public.files where filename = 'a'");
    if (realtime) assert.deepEqual(await takeMessages(owner), []);
    await run(owner, ...scripts);
  });
}

Deno.test("remove_file_events.sql works when Realtime has gone", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  await owner.query(dropRealtime);
  await run(owner, removal);
  await owner.query(addFile, [await createUser(owner)]);
});

Deno.test("file_events.broadcast() can be dropped alone: catch-up goes on, and the way back is open", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  const user = await createUser(owner);
  await owner.query("drop function file_events.broadcast() cascade");
  await owner.query(addFile, [user]);
  assert.deepEqual(await takeMessages(owner), []);
  await using reader = await database.connectAs(user);
  assert.equal((await changesSince(reader, null)).files.length, 1);
  await run(owner, broadcast);
  await owner.query("update public.files set progress = 1 where filename = 'a'");
  assert.equal((await takeMessages(owner)).length, 1);
  await owner.query("drop function file_events.broadcast() cascade");
  await run(owner, removal);
});

Deno.test("remove_file_events.sql works when the table has gone", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  await owner.query("drop table public.files");
  await run(owner, removal);
  const [left] = await owner.query(
    "select to_regnamespace('file_events') as schema, to_regclass('public.file_deletions') as deletions",
  );
  assert.deepEqual(left, { schema: null, deletions: null });
});
