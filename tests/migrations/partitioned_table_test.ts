import assert from "node:assert/strict";
import { changesSince } from "../../local/postgres/changes_since.ts";
import { migrations, readSql } from "../../local/postgres/supabase_database.ts";
import { addFiles, setStage, type Stage } from "./stage.ts";
import { takeMessages } from "./take_messages.ts";

const parts = 3;
const table = `
  create table public.files (
    id uuid primary key default gen_random_uuid(), user_id uuid, filename text, file_type text,
    status text default 'pending', progress integer default 0, processing_stage text,
    error_message text, created_at timestamptz default now()
  ) partition by hash (id);
  ${
  Array.from({ length: parts }, (_, n) =>
    `create table public.files_${n} partition of public.files
      for values with (modulus ${parts}, remainder ${n});
    alter table public.files_${n} enable row level security;`).join("\n")
}
  alter table public.files enable row level security;
  create policy own on public.files for all to authenticated using (auth.uid() = user_id);
  grant all on public.files to authenticated;
`;

async function setPartitionedStage(): Promise<Stage> {
  return await setStage({
    scripts: [],
    setUp: [table, ...await Promise.all(migrations.slice(1).map(readSql))].join(";\n"),
  });
}

Deno.test("a table that is partitioned by id is streamed: writes through the parent are tracked and sent", async () => {
  await using stage = await setPartitionedStage();
  const { owner, user, client, reader } = stage;
  await client.catchUp();
  await addFiles(owner, user, 20);
  await client.catchUp();
  assert.equal(client.files.size, 20);
  await takeMessages(owner);
  await reader.query("update public.files set progress = 7 where filename = '1'");
  await reader.query("delete from public.files where filename = '2'");
  await owner.query("update public.files set user_id = null where filename = '3'");
  // The row moves to another partition.
  await owner.query(
    "update public.files set id = gen_random_uuid() where filename in ('4', '5', '6')",
  );
  await client.catchUp();
  assert.deepEqual([client.files.size, client.progress["1"], client.resets], [18, 7, 1]);
  const told = (await takeMessages(owner)).map(({ payload }) => payload.operation).toSorted();
  assert.deepEqual(told, [...Array(5).fill("delete"), ...Array(4).fill("update")]);
  const [row] = await owner.query<{ count: string }>(
    "select count(*) from public.files f join public.file_deletions d on d.id = f.id and d.revision > f.revision",
  );
  assert.equal(row!.count, "1", "the file that has no owner");
});

Deno.test("a table that is partitioned by id: an id that was deleted outranks its tombstone", async () => {
  await using stage = await setPartitionedStage();
  const { owner, user, client } = stage;
  const [file] = await addFiles(owner, user, 1);
  await client.catchUp();
  await owner.query(
    `with gone as (delete from public.files where id = $1 returning *)
    insert into public.files (id, user_id, filename) select id, user_id, 'again' from gone`,
    [file!.id],
  );
  await owner.query("begin isolation level repeatable read");
  await owner.query("delete from public.files where id = $1", [file!.id]);
  await owner.query("insert into public.files (id, user_id, filename) values ($1, $2, 'third')", [
    file!.id,
    user,
  ]);
  await owner.query("commit");
  await client.catchUp();
  assert.deepEqual([...client.files.values()].map(({ filename }) => filename), ["third"]);
  const [row] = await owner.query<{ count: string }>(
    "select count(*) from public.files f join public.file_deletions d on d.id = f.id and d.revision > f.revision",
  );
  assert.equal(row!.count, "0");
});

Deno.test("a table that is partitioned by id: truncate tells the owners", async () => {
  await using stage = await setPartitionedStage();
  const { owner, user, client } = stage;
  await addFiles(owner, user, 5);
  await client.catchUp();
  await takeMessages(owner);
  await owner.query("truncate public.files");
  assert.deepEqual((await takeMessages(owner)).map(({ event }) => event), ["ping"]);
  await client.catchUp();
  assert.equal(client.files.size, 0);
});

Deno.test("a table that is partitioned by id pages in order", async () => {
  await using stage = await setPartitionedStage();
  const { owner, user, client, reader } = stage;
  await addFiles(owner, user, 1_100);
  const { files } = await changesSince(reader, null);
  assert.equal(files.length, 500);
  assert.deepEqual(
    files.map(({ revision }) => revision),
    files.map(({ revision }) => revision).toSorted((a, b) => a - b),
  );
  await client.catchUp();
  assert.equal(client.files.size, 1_100);
});

Deno.test("renew_epoch() makes up for what was written past the parent's name", async () => {
  await using stage = await setPartitionedStage();
  const { owner, user, client } = stage;
  await addFiles(owner, user, 30);
  await client.catchUp();
  await owner.query("truncate public.files_0");
  await owner.query("delete from public.files_1");
  await owner.query("alter table public.files detach partition public.files_2");
  await client.catchUp();
  assert.equal(client.files.size, 30, "no statement trigger has fired");
  await owner.query("select file_events.renew_epoch()");
  await client.catchUp();
  assert.deepEqual([client.files.size, client.resets], [0, 2]);
});

Deno.test("a row that is written by the name of a partition comes by catch-up", async () => {
  await using stage = await setPartitionedStage();
  const { owner, user, client } = stage;
  await addFiles(owner, user, 30);
  await client.catchUp();
  await takeMessages(owner);
  await owner.query("update public.files_1 set progress = 9");
  assert.deepEqual(await takeMessages(owner), []);
  await client.catchUp();
  assert.ok(Object.values(client.progress).includes(9));
});

Deno.test("check_installation.sql finds nothing in a table that is partitioned by id, nor is it left changed by removal", async () => {
  await using stage = await setPartitionedStage();
  const { owner } = stage;
  const script = await readSql("scripts/check_installation.sql");
  assert.deepEqual(await owner.query(script), []);
  for (const path of migrations.slice(1)) await owner.query(await readSql(path));
  assert.deepEqual(await owner.query(script), []);
  await owner.query(await readSql("scripts/remove_file_events.sql"));
  const left = await owner.query(
    "select tgname from pg_trigger where tgname like '%file_events%' union all select attname from pg_attribute where attrelid::regclass::text like '%files%' and attname in ('revision', 'changed_in')",
  );
  assert.deepEqual(left, []);
});
