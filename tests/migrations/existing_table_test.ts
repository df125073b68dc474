import assert from "node:assert/strict";
import { CatchUpClient, changesSince } from "../database/catch_up.ts";
import { startPostgres } from "../database/postgres_server.ts";
import {
  createSupabaseDatabase,
  createUser,
  migrations,
  readSql,
} from "../database/supabase_database.ts";

const server = await startPostgres();
Deno.test.afterAll(() => server.stop());

const fileEvents = migrations[1]!;
const addFiles = `insert into public.files (user_id, filename, file_type)
  select $1, i, 'pdf' from generate_series(1, $2) i`;

Deno.test("20261123000100_file_events.sql gives the rows of an existing table their stamps", async () => {
  await using database = await createSupabaseDatabase(server, migrations.slice(0, 1));
  await using owner = await database.connect();
  const user = await createUser(owner);
  await owner.query(addFiles, [user, 1500]);
  await owner.query("update public.files set updated_at = '2001-01-01'");
  await owner.query(await readSql(fileEvents));
  await using reader = await database.connectAs(user);
  const client = new CatchUpClient(reader);
  await client.catchUp();
  assert.equal(client.files.size, 1500);
  assert.equal(new Set([...client.files.values()].map(({ revision }) => revision)).size, 1500);
  await owner.query("update public.files set progress = 1 where filename = '7'");
  await owner.query("delete from public.files where filename = '8'");
  await client.catchUp();
  assert.equal(client.progress["7"], 1);
  assert.equal(client.progress["8"], undefined);
});

Deno.test("20261123000100_file_events.sql streams a table of another shape", async () => {
  await using database = await createSupabaseDatabase(server, []);
  await using owner = await database.connect();
  await owner.query(`
    create type public.file_status as enum ('pending', 'processing', 'ready', 'failed');
    create table public.files (
      id uuid primary key, bucket text, user_id uuid, filename varchar(255), file_type text,
      status public.file_status default 'pending', progress smallint default 0,
      processing_stage text, error_message text
    );
    alter table public.files enable row level security;
    create policy own on public.files for all to authenticated using (auth.uid() = user_id);
    grant all on public.files to authenticated;
  `);
  await owner.query(await readSql(fileEvents));
  const user = await createUser(owner);
  await using reader = await database.connectAs(user);
  await reader.query(
    "insert into public.files (id, user_id, filename) values (gen_random_uuid(), $1, 'a')",
    [user],
  );
  await owner.query("insert into public.files (id) values (gen_random_uuid())");
  await owner.query("delete from public.files where user_id is null");
  const { files } = await changesSince(reader, null);
  assert.deepEqual(
    files.map(({ filename, file_type, status, progress }) => [
      filename,
      file_type,
      status,
      progress,
    ]),
    [["a", null, "pending", 0]],
  );
});

for (
  const [what, sql, message] of [
    ["there is no table", "", /needs a table public\.files/],
    [
      "a column is missing",
      "create table public.files (id uuid primary key, user_id uuid, filename text)",
      /lacks: error_message, file_type, processing_stage, progress, status$/,
    ],
    [
      "ids are numbers",
      `create table public.files (id bigint primary key, user_id uuid, filename text, file_type text,
        status text, progress int, processing_stage text, error_message text)`,
      /lacks: id uuid/,
    ],
    [
      "revision is somebody else's",
      `create table public.files (id uuid primary key, user_id uuid, filename text, file_type text,
        status text, progress int, processing_stage text, error_message text, revision text)`,
      /needs the column names revision/,
    ],
  ] as const
) {
  Deno.test(`20261123000100_file_events.sql says so when ${what}`, async () => {
    await using database = await createSupabaseDatabase(server, []);
    await using owner = await database.connect();
    await owner.query(sql);
    await assert.rejects(owner.query(await readSql(fileEvents)), message);
  });
}

Deno.test("20261123000100_file_events.sql can be applied again, and keeps cursors and stamps", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  const user = await createUser(owner);
  await owner.query(addFiles, [user, 10]);
  await owner.query("delete from public.files where filename = '3'");
  await using reader = await database.connectAs(user);
  const client = new CatchUpClient(reader);
  await client.catchUp();
  const before = new Map(client.files);
  await owner.query(await readSql(fileEvents));
  await owner.query("update public.files set progress = 9 where filename = '5'");
  await client.catchUp();
  assert.equal(client.resets, 1);
  assert.equal(client.progress["5"], 9);
  const snapshot = await changesSince(reader, null);
  for (const file of snapshot.files.filter(({ filename }) => filename !== "5")) {
    assert.deepEqual(file, before.get(file.id));
  }
});

Deno.test("remove_file_events.sql leaves files as they were, twice or not, and the way forth is open", async () => {
  await using database = await createSupabaseDatabase(server, migrations.slice(0, 1));
  await using owner = await database.connect();
  const user = await createUser(owner);
  await owner.query(addFiles, [user, 5]);
  const describe = () =>
    owner.query(`
      select 'column' as kind, attname::text as name from pg_attribute
        where attrelid = 'public.files'::regclass and attnum > 0 and not attisdropped
      union all select 'trigger', tgname from pg_trigger where tgrelid = 'public.files'::regclass
      union all select 'relation', oid::regclass::text from pg_class
        where relnamespace = 'public'::regnamespace
      union all select 'function', oid::regprocedure::text from pg_proc
        where pronamespace = 'public'::regnamespace
      union all select 'schema', nspname from pg_namespace
      order by 1, 2
    `);
  const rows = () => owner.query("select * from public.files order by id");
  const [shape, content] = [await describe(), await rows()];
  await owner.query(await readSql(fileEvents));
  await owner.query(await readSql("opt_in/postgres_changes.sql"));
  await owner.query(await readSql("opt_in/remove_file_events.sql"));
  await owner.query(await readSql("opt_in/remove_file_events.sql"));
  assert.deepEqual(await describe(), shape);
  assert.deepEqual(await rows(), content);
  await owner.query("update public.files set progress = 1");
  await owner.query("delete from public.files where filename = '1'");
  await owner.query(await readSql(fileEvents));
  await using reader = await database.connectAs(user);
  assert.equal((await changesSince(reader, null)).files.length, 4);
});

Deno.test("renew_epoch() makes rows of another server's transaction ids readable", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  const user = await createUser(owner);
  await owner.query(addFiles, [user, 3]);
  await using reader = await database.connectAs(user);
  const client = new CatchUpClient(reader);
  await client.catchUp();
  // A logical restore, into a server that has seen fewer transactions.
  await owner.query(`
    set session_replication_role = replica;
    update public.files set changed_in = (changed_in::text::bigint + 1000000)::text::xid8,
      revision = revision + 1000000;
    insert into public.files (user_id, filename, file_type)
      select user_id, 'loaded ' || filename, 'pdf' from public.files;
    insert into public.file_deletions
      values (5, gen_random_uuid(), '${user}', '900000000');
    set session_replication_role = origin;
  `);
  await assert.rejects(changesSince(reader, null), /run select file_events\.renew_epoch\(\)/);
  await owner.query("select file_events.renew_epoch()");
  await client.catchUp();
  assert.equal(client.resets, 2);
  assert.equal(client.files.size, 6);
  assert.ok([...client.files.values()].every(({ revision }) => revision > 1_000_000));
  await owner.query("update public.files set progress = 1 where filename = '1'");
  await owner.query("delete from public.files where filename = '2'");
  await client.catchUp();
  assert.equal(client.progress["1"], 1);
  assert.equal(client.files.size, 5);
});

Deno.test("postgres_changes.sql says so when there is no publication", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  await owner.query("drop publication supabase_realtime");
  await assert.rejects(
    owner.query(await readSql("opt_in/postgres_changes.sql")),
    /publication supabase_realtime is missing/,
  );
});
