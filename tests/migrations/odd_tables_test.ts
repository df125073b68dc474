import assert from "node:assert/strict";
import { changesSince } from "../../local/postgres/changes_since.ts";
import { setStage, type Stage } from "./stage.ts";
import { DEFAULT_MAPPING } from "../../setup/mapping/table_mapping.ts";
import { renderScript } from "../../setup/sql/render.ts";
import { takeMessages } from "./take_messages.ts";

// Tables of other people: other types, values that JSON has no number for, columns of any name.

const COLUMNS = {
  id: "uuid primary key default gen_random_uuid()",
  user_id: "uuid",
  filename: "text",
  file_type: "text",
  status: "text",
  progress: "integer",
  processing_stage: "text",
  error_message: "text",
};

/** Both migrations on a table with these columns in the place of the usual ones, and more of them. */
async function streamTable(columns: Record<string, string>): Promise<Stage> {
  const list = Object.entries({ ...COLUMNS, ...columns }).map(([name, type]) => `${name} ${type}`);
  const table = `
    create table public.files (${list.join(", ")});
    alter table public.files enable row level security;
    create policy own on public.files for all to authenticated using (auth.uid() = user_id);
    grant all on public.files to authenticated;
  `;
  const created_at = columns.created_at ? "created_at" : null;
  const mapping = { ...DEFAULT_MAPPING, fields: { ...DEFAULT_MAPPING.fields, created_at } };
  const scripts = [
    renderScript("file_events", mapping),
    renderScript("file_events_broadcast", mapping),
  ];
  const stage = await setStage({
    scripts: [],
    setUp: [table, ...await Promise.all(scripts)].join(";\n"),
  });
  await stage.client.catchUp();
  return stage;
}

for (
  const [what, columns, values] of [
    ["NULL everywhere", {}, {}],
    ["a long text as progress", { progress: "text" }, { progress: "repeat('é', 5000)" }],
    ["a long object as progress", { progress: "jsonb" }, {
      progress: "jsonb_build_object('of', repeat('x', 5000))",
    }],
    ["a text as progress", { progress: "text" }, { progress: "'40%'" }],
    ["NaN as numeric progress", { progress: "numeric" }, { progress: "'NaN'" }],
    ["infinite numeric progress", { progress: "numeric" }, { progress: "'Infinity'" }],
    ["NaN as double progress", { progress: "double precision" }, { progress: "'NaN'" }],
    ["a number that no double holds", { progress: "numeric" }, { progress: "1e400" }],
    ["an object as progress", { progress: "jsonb" }, { progress: "'{\"of\": 5}'" }],
    ["a json status", { status: "json" }, { status: '\'{"is": "on"}\'' }],
    ["a json that jsonb can't hold as progress", { progress: "json" }, {
      progress: '\'{"a": "\\u0000"}\'',
    }],
    ["a json that jsonb can't hold in an array", { progress: "json[]" }, {
      progress: "array['\"\\u0000\"'::json]",
    }],
    ["an array as file_type", { file_type: "text[]" }, { file_type: "'{a,b}'" }],
    ["a point as status", { status: "point" }, { status: "'(1,2)'" }],
    ["a long status and stage", {}, {
      status: "repeat('s', 5000)",
      processing_stage: "repeat('p', 5000)",
    }],
    ["a time without a zone", { created_at: "timestamp" }, { created_at: "'2026-01-02 03:04:05'" }],
    ["a time that never comes", { created_at: "timestamptz" }, { created_at: "'infinity'" }],
    ["a number as created_at", { created_at: "bigint" }, { created_at: "1767323045" }],
  ] as [string, Record<string, string>, Record<string, string>][]
) {
  Deno.test(`broadcast() and file_changes_since() say the same of a row with ${what}`, async () => {
    await using stage = await streamTable(columns);
    const { owner, user, reader, client } = stage;
    const names = ["user_id", ...Object.keys(values)];
    await owner.query(
      `insert into public.files (${names}) values (${[`'${user}'`, ...Object.values(values)]})`,
    );
    const { files } = await changesSince(reader, client.cursor);
    const messages = await takeMessages(owner);
    assert.deepEqual(messages.map(({ event, payload }) => [event, payload.file]), [
      ["change", files[0]],
    ]);
    assert.equal(files[0]!.created_at === null, values.created_at === undefined);
    assert.equal(files[0]!.final, values.status === undefined);
    assert.ok((JSON.stringify(files[0]!.progress)).length <= 4098);
  });
}

Deno.test("triggers and file_changes_since() are not confused by columns that have the names of their variables", async () => {
  const names = [
    "ids",
    "change",
    "changes",
    "owner",
    "owners",
    "message",
    "step",
    "state",
    "warned",
  ];
  await using stage = await streamTable(Object.fromEntries(names.map((name) => [name, "text"])));
  const { owner, user, client } = stage;
  await owner.query("insert into public.files (user_id, filename) values ($1, 'a'), ($1, 'b')", [
    user,
  ]);
  await owner.query("update public.files set progress = 1 where filename = 'a'");
  await owner.query("update public.files set id = gen_random_uuid() where filename = 'a'");
  await owner.query(`with gone as (delete from public.files where filename = 'b' returning *)
    insert into public.files (id, user_id, filename) select id, user_id, 'c' from gone`);
  await client.catchUp();
  assert.deepEqual(client.progress, { a: 1, c: null });
  assert.deepEqual(
    (await takeMessages(owner)).map(({ event, payload }) => payload.operation ?? event),
    ["update", "update", "update", "delete", "update", "update", "update"],
  );
});

Deno.test("a page of long documents doesn't read them as a whole", async () => {
  await using stage = await streamTable({ progress: "jsonb", processing_stage: "text" });
  const { owner, user, reader, client } = stage;
  await owner.query(`alter table public.files alter column progress set storage external`);
  await owner.query(
    `insert into public.files (user_id, progress)
    select $1, jsonb_build_array(repeat('x', 10000000)) from generate_series(1, 20)`,
    [user],
  );
  const reads = `select idx_blks_hit + idx_blks_read + heap_blks_hit + heap_blks_read as blocks
    from pg_statio_all_tables
    where relid = (select reltoastrelid from pg_class where oid = 'public.files'::regclass)`;
  await reader.query("select pg_stat_force_next_flush()");
  await owner.query("select pg_stat_force_next_flush()");
  const [before] = await owner.query<{ blocks: string }>(reads);
  const { files } = await changesSince(reader, client.cursor);
  await reader.query("select pg_stat_force_next_flush()");
  const [after] = await owner.query<{ blocks: string }>(reads);
  assert.deepEqual(files.map(({ progress }) => progress), Array(20).fill(null));
  assert.ok(Number(after!.blocks) - Number(before!.blocks) < 100);
});
