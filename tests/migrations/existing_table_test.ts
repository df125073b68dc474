import assert from "node:assert/strict";
import { changesSince } from "../../local/postgres/changes_since.ts";
import { CatchUpClient } from "./catch_up_client.ts";
import { server } from "../support/test_server.ts";
import { DEFAULT_MAPPING } from "../../setup/mapping/table_mapping.ts";
import { renderScript } from "../../setup/sql/render.ts";
import { connect } from "../../local/postgres/postgres_session.ts";
import {
  createSupabaseDatabase,
  createUser,
  migrations,
  readSql,
} from "../../local/postgres/supabase_database.ts";

const fileEvents = migrations[1]!;
/** Before PostgreSQL 18 generated columns are stored. */
const virtual = await hasVirtualColumns() ? "virtual" : "stored";

const addFiles = `insert into public.files (user_id, filename, file_type)
  select $1, i, 'pdf' from generate_series(1, $2) i`;

async function hasVirtualColumns(): Promise<boolean> {
  await using session = await connect(server.url);
  const sql = "select current_setting('server_version_num')::integer >= 180000 as has";
  return (await session.query<{ has: boolean }>(sql))[0]!.has;
}

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
  const fields = { ...DEFAULT_MAPPING.fields, created_at: null };
  await owner.query(await renderScript("file_events", { ...DEFAULT_MAPPING, fields }));
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

const plainTable = `create table public.files (id uuid primary key, user_id uuid, filename text,
  file_type text, status text, progress int, processing_stage text, error_message text,
  created_at timestamptz)`;

for (
  const [what, sql, message] of [
    ["there is no table", "", /needs the table public\.files/],
    [
      "a column is missing",
      "create table public.files (id uuid primary key, user_id uuid, filename text)",
      /lacks: error_message, file_type, processing_stage, progress, status \(add the columns/,
    ],
    [
      "ids are numbers",
      `create table public.files (id bigint primary key, user_id uuid, filename text, file_type text,
        status text, progress int, processing_stage text, error_message text, created_at date)`,
      /lacks: id uuid/,
    ],
    [
      "revision is somebody else's",
      `create table public.files (id uuid primary key, user_id uuid, filename text, file_type text,
        status text, progress int, processing_stage text, error_message text,
        created_at date, revision text)`,
      /needs the column names revision/,
    ],
    [
      "streamed columns are generated",
      `create table public.files (id uuid primary key, user_id uuid, filename text, file_type text,
        steps int, status text generated always as (case steps when 4 then 'ready' end) stored,
        progress int generated always as (steps * 25) stored, processing_stage text,
        error_message text, created_at date)`,
      /^PostgresError: file-events cannot stream public\.files, which generates: progress, status$/,
    ],
    [
      "a streamed column is virtual",
      `create table public.files (id uuid primary key, user_id uuid, filename text, file_type text,
        steps int, status text, progress int generated always as (steps * 25) ${virtual},
        processing_stage text, error_message text, created_at date)`,
      /^PostgresError: file-events cannot stream public\.files, which generates: progress$/,
    ],
    [
      "other tables inherit from files",
      `${plainTable}; create table public.images () inherits (public.files)`,
      /cannot stream public\.files: other tables inherit from it: take them out by /,
    ],
    [
      "files is a child of another table",
      `${plainTable}; create table public.things (id uuid not null);
        alter table public.files inherit public.things`,
      /cannot stream public\.files: it inherits from another table: take it out by /,
    ],
    [
      "files is a partition",
      `${plainTable.replace("public.files", "public.all_files")} partition by hash (id);
        create table public.files partition of public.all_files
          for values with (modulus 1, remainder 0)`,
      /cannot stream public\.files: it is a partition: stream .*, (public\.)?all_files$/,
    ],
    [
      "files is partitioned by another column than id",
      `${
        plainTable.replace("id uuid primary key", "id uuid not null")
      } partition by hash (user_id)`,
      /its id is not unique by itself: .* \(PostgreSQL allows it only on a table that is partitioned by id\)$/,
    ],
    [
      "files is a view",
      `${plainTable}; alter table public.files rename to stored_files;
        create view public.files as select * from public.stored_files`,
      /cannot stream public\.files: it is a view: stream the table that it reads$/,
    ],
    [
      "files is a materialized view",
      `${plainTable}; alter table public.files rename to stored_files;
        create materialized view public.files as select * from public.stored_files`,
      /cannot stream public\.files: it is a materialized view: stream the table that it reads$/,
    ],
    [
      "files is a foreign table",
      `create foreign data wrapper nothing; create server nowhere foreign data wrapper nothing;
        ${
        plainTable.replace("create table", "create foreign table").replace(
          "primary key",
          "not null",
        )
      }
        server nowhere`,
      /cannot stream public\.files: it is a foreign table: stream it in the database /,
    ],
    ["the owner is not a uuid", plainTable.replace("user_id uuid", "user_id text"), /user_id uuid/],
    ...[
      ["id has no key", "id uuid not null"],
      ["id has a deferrable key", "id uuid not null unique deferrable"],
      ["id is one of two columns of a key", "id uuid, kind text, primary key (id, kind)"],
    ].map(([what, column]) =>
      [
        what!,
        plainTable.replace("id uuid primary key", column!),
        /its id is not unique by itself/,
      ] as const
    ),
    ...[
      ["a part of the table", "(id) where status is not null"],
      ["an expression", "((id::text))"],
    ].map(([what, index]) =>
      [
        `id has a unique index of ${what}`,
        `${
          plainTable.replace("primary key", "not null")
        }; create unique index on public.files ${index}`,
        /its id is not unique by itself/,
      ] as const
    ),
    [
      "id may be null",
      plainTable.replace("primary key", "unique"),
      /its id may be null: "alter table public\.files alter column id set not null"$/,
    ],
  ] as const
) {
  Deno.test(`20261123000100_file_events.sql says so when ${what}`, async () => {
    await using database = await createSupabaseDatabase(server, []);
    await using owner = await database.connect();
    await owner.query(sql);
    await assert.rejects(owner.query(await readSql(fileEvents)), message);
    const [schema] = await owner.query("select from pg_namespace where nspname = 'file_events'");
    assert.equal(schema, undefined);
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

Deno.test("20261123000100_file_events.sql applied again while others write keeps revisions growing", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  await using writer = await database.connect();
  const user = await createUser(owner);
  await owner.query(addFiles, [user, 1]);
  let applied = false;
  const revisions: number[] = [];
  const write = async () => {
    while (!applied || revisions.length < 50) {
      const [row] = await writer.query<{ revision: string }>(
        "update public.files set progress = (progress + 1) % 100 where true returning revision::text",
      );
      revisions.push(Number(row!.revision));
    }
  };
  const apply = async () => {
    // Only the statement that sets the sequence: the whole file holds a lock from its ALTERs on.
    for (let time = 0; time < 200; time++) await owner.query("select file_events.raise_sequence()");
    applied = true;
  };
  await Promise.all([write(), apply()]);
  assert.deepEqual(revisions.filter((it, i) => i > 0 && it <= revisions[i - 1]!), []);
});

Deno.test("clients who are granted columns one by one can be streamed to", async () => {
  await using database = await createSupabaseDatabase(server, migrations.slice(0, 1));
  await using owner = await database.connect();
  const user = await createUser(owner);
  await owner.query(addFiles, [user, 2]);
  await owner.query(`
    revoke all on public.files from authenticated;
    grant select (id, user_id, filename, file_type, status, progress, processing_stage,
      error_message, created_at) on public.files to authenticated;
  `);
  await owner.query(await readSql(fileEvents));
  await using reader = await database.connectAs(user);
  assert.equal((await changesSince(reader, null)).files.length, 2);
  await assert.rejects(reader.query("select updated_at from public.files"), /permission denied/);
});

Deno.test("a dump of data alone can be loaded into a migrated database", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  const state = "select epoch from file_events.state";
  const before = await owner.query(state);
  // As pg_dump --data-only writes it, with and without --disable-triggers.
  for (const role of ["origin", "replica"]) {
    await owner.query(`
      set session_replication_role = ${role};
      insert into file_events.state (singleton, epoch, pruned_below, recorded_xmin, recorded_at,
        next_prune_at) values (true, gen_random_uuid(), '7', '8', now(), now());
      set session_replication_role = origin;
    `);
    assert.deepEqual(await owner.query(state), before);
  }
  await owner.query("delete from file_events.state where singleton");
  await owner.query("insert into file_events.state default values");
  assert.notDeepEqual(await owner.query(state), before);
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
  await owner.query(await readSql("scripts/postgres_changes.sql"));
  await owner.query(await readSql("scripts/remove_file_events.sql"));
  await owner.query(await readSql("scripts/remove_file_events.sql"));
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
    owner.query(await readSql("scripts/postgres_changes.sql")),
    /publication supabase_realtime is missing/,
  );
});

Deno.test("20261123000100_file_events.sql takes the place of an older one", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  // The parts that an older version lacked, or had otherwise.
  await owner.query(`
    create function public.file_changes_since(since text default null, file_ids uuid[] default null,
      snapshot boolean default true) returns jsonb language sql as 'select null::jsonb';
    alter table file_events.state drop column schema_version, drop column live;
    alter table public.file_deletions alter column id set not null;
    drop index public.file_deletions_void_idx;
    drop function file_events.reads_same(record, record);
  `);
  await owner.query(await readSql(fileEvents));
  await owner.query(await readSql(migrations[2]!));
  const user = await createUser(owner);
  await owner.query(addFiles, [user, 2]);
  await owner.query("select file_events.resync($1)", [user]);
  await using reader = await database.connectAs(user);
  assert.equal((await changesSince(reader, null)).files.length, 2);
  assert.deepEqual(await owner.query("select schema_version, live from file_events.state"), [
    { schema_version: 1, live: "rows" },
  ]);
  assert.deepEqual(await owner.query(await readSql("scripts/check_installation.sql")), []);
});

for (const collation of ['"C"', '"en-x-icu"']) {
  Deno.test(`tombstones of ids with the collation ${collation} are found by their index`, async () => {
    const mapping = { ...DEFAULT_MAPPING, idType: "text" } as const;
    await using database = await createSupabaseDatabase(server, []);
    await using owner = await database.connect();
    await owner.query(await textIds(collation));
    await owner.query(await renderScript("file_events", mapping));
    await owner.query(await renderScript("file_events", mapping));
    await owner.query("set enable_seqscan = off");
    const plan = await owner.query(`explain select from public.files f cross join lateral (
      select from public.file_deletions d where d.id = f.id offset 0) d`);
    assert.match(JSON.stringify(plan), /Index Cond: \(id = f\.id\)/);
  });
}

Deno.test("20261123000100_file_events.sql refuses an id whose collation takes different texts for the same", async () => {
  await using database = await createSupabaseDatabase(server, []);
  await using owner = await database.connect();
  await owner.query(`create collation public.lax
    (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
  await owner.query(await textIds("public.lax"));
  const mapping = { ...DEFAULT_MAPPING, idType: "text" } as const;
  const sql = await renderScript("file_events", mapping);
  await assert.rejects(owner.query(sql), /takes different texts for the same/);
  const found = await owner.query<{ code: string }>(
    await renderScript("check_installation", mapping),
  );
  assert.ok(found.some(({ code }) => code === "id-not-unique"));
});

/** The default table with ids of this collation. */
async function textIds(collation: string): Promise<string> {
  return (await readSql(migrations[0]!)).replace(
    "id uuid primary key default gen_random_uuid()",
    `id text collate ${collation} primary key default gen_random_uuid()::text`,
  );
}

Deno.test("check_installation.sql finds the index of an owner whose name has a backslash", async () => {
  const mapping = { ...DEFAULT_MAPPING, owner: "a\\b" };
  await using database = await createSupabaseDatabase(server, []);
  await using owner = await database.connect();
  await owner.query((await readSql(migrations[0]!)).replace(/\buser_id\b/g, '"a\\b"'));
  for (const name of ["file_events", "file_events_broadcast"] as const) {
    await owner.query(await renderScript(name, mapping));
  }
  assert.deepEqual(await owner.query(await renderScript("check_installation", mapping)), []);
});

Deno.test("20261123000100_file_events.sql refuses a second table, whose rows would be taken for those of the first", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  await owner.query("create table public.documents (like public.files including all)");
  const mapping = { ...DEFAULT_MAPPING, table: "documents" };
  const sql = await renderScript("file_events", mapping);
  await assert.rejects(owner.query(sql), /streams another table here/);
  await owner.query(await readSql("scripts/remove_file_events.sql"));
  await owner.query(sql);
  await owner.query("alter table public.documents rename to papers");
  await owner.query(await renderScript("file_events", { ...mapping, table: "papers" }));
});

Deno.test("a table file_deletions of somebody else's is refused, and not removed", async () => {
  await using database = await createSupabaseDatabase(server, migrations.slice(0, 1));
  await using owner = await database.connect();
  await owner.query("create table public.file_deletions (id uuid, note text)");
  await assert.rejects(owner.query(await readSql(fileEvents)), /rename your table/);
  await owner.query(await readSql("scripts/remove_file_events.sql"));
  assert.deepEqual(await owner.query("select * from public.file_deletions"), []);
});

Deno.test("the migrations can be applied again after the id has got another type", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  const user = await createUser(owner);
  await owner.query(addFiles, [user, 2]);
  await owner.query(`alter table public.files alter column id drop default,
    alter column id type text using id::text`);
  const mapping = { ...DEFAULT_MAPPING, idType: "text" } as const;
  for (const name of ["file_events", "file_events_broadcast"] as const) {
    await owner.query(await renderScript(name, mapping));
  }
  assert.deepEqual(await owner.query(await renderScript("check_installation", mapping)), []);
  await using reader = await database.connectAs(user);
  const { cursor } = await changesSince(reader, null);
  await owner.query("delete from public.files where filename = '1'");
  assert.equal((await changesSince(reader, cursor)).deletions.length, 1);
});
