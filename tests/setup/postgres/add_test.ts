import assert from "node:assert/strict";
import { readMapping } from "../../../setup/mapping/read_mapping.ts";
import { DEFAULT_MAPPING, type TableMapping } from "../../../setup/mapping/table_mapping.ts";
import { run } from "../../../setup/run.ts";
import { server } from "../../support/test_server.ts";
import { call } from "../call.ts";
import { databaseWith } from "./database_with.ts";
import { scriptedIo } from "../scripted_io.ts";
import { type TemporaryProject, temporaryProject } from "../temporary_project.ts";

const NOTHING = {
  ...{ filename: null, file_type: null, status: null, progress: null, processing_stage: null },
  ...{ error_message: null, created_at: null },
};

async function mappingOf(project: TemporaryProject): Promise<TableMapping | undefined> {
  const files = Object.entries(await project.files());
  const last = files.filter(([path]) => /\/\d+_file_events\.sql$/.test(path)).sort().at(-1);
  return last && readMapping(last[1])?.mapping;
}

const TABLES: [name: string, sql: string, flags: string[], expected: Partial<TableMapping>][] = [
  [
    "uploads by the types and names of its columns",
    `create type state as enum ('waiting', 'Done', 'error');
     create table uploads (
       id bigint generated always as identity primary key,
       updated_by uuid references auth.users (id),
       owner_id uuid not null references auth.users (id),
       name text, original_name text, title integer,
       mime_type varchar(255), state state, percent numeric(5, 2), status_text text,
       last_error text, inserted_at timestamp
     )`,
    [],
    {
      table: "uploads",
      idType: "bigint",
      owner: "owner_id",
      fields: {
        ...NOTHING,
        filename: "original_name",
        file_type: "mime_type",
        status: "state",
        progress: "percent",
        error_message: "last_error",
        created_at: "inserted_at",
      },
      finalStatuses: ["Done", "error"],
    },
  ],
  [
    "names in camel case, and the values of a check",
    `create table "Jobs" (
       "Id" integer unique not null, "ownerId" uuid, "fileName" text,
       "jobStatus" text check ("jobStatus" in ('it''s on', 'succeeded', 'canceled'))
     )`,
    [],
    {
      table: "Jobs",
      id: "Id",
      idType: "integer",
      owner: "ownerId",
      fields: { ...NOTHING, filename: "fileName", status: "jobStatus" },
      finalStatuses: ["succeeded", "canceled"],
    },
  ],
  [
    "no column twice, and what the flags say first",
    `create table docs (id text primary key, user_id uuid, title text, type text, kind text,
       error jsonb, status text)`,
    ["--status", "type", "--error-message", "none"],
    {
      table: "docs",
      idType: "text",
      fields: { ...NOTHING, filename: "title", file_type: "kind", status: "type" },
    },
  ],
  [
    "other names for the added columns where the table has them",
    `create table tasks (id uuid primary key, user_id uuid, revision bigint, changed_in text,
       file_events_changed_in text)`,
    [],
    {
      table: "tasks",
      fields: NOTHING,
      finalStatuses: [],
      revision: "file_events_revision",
      changedIn: "file_events_changed_in_2",
    },
  ],
  [
    "the owner by its foreign key",
    `create table items (id uuid primary key, user_id text, person uuid references auth.users (id))`,
    [],
    { table: "items", owner: "person", fields: NOTHING, finalStatuses: [] },
  ],
];

for (const [name, sql, flags, expected] of TABLES) {
  Deno.test(`add --database-url proposes ${name}`, async () => {
    await using database = await databaseWith(sql);
    await using project = await temporaryProject();
    const { errors } = await call(
      project,
      ...["add", "--database-url", database.url, "--yes", ...flags],
    );
    assert.equal(errors, "");
    assert.deepEqual(await mappingOf(project), { ...DEFAULT_MAPPING, ...expected });
  });
}

Deno.test("add --database-url takes the words that are common in a status", async () => {
  await using database = await databaseWith(`
    create table docs (id uuid primary key default gen_random_uuid(), user_id uuid, status text);
    insert into docs (status) select unnest(array['queued', 'complete', 'failed'])
      from generate_series(1, 100);
    analyze docs`);
  await using project = await temporaryProject();
  await call(project, "add", "--database-url", database.url, "--yes");
  assert.deepEqual((await mappingOf(project))?.finalStatuses.toSorted(), ["complete", "failed"]);
});

const REFUSALS: [name: string, sql: string, flags: string[], code: string, message: RegExp][] = [
  [
    "a view",
    "create view v as select gen_random_uuid() as id, gen_random_uuid() as user_id",
    ["--table", "v"],
    "table-is-view",
    /is a view.*name the table/,
  ],
  [
    "a materialized view",
    "create materialized view m as select gen_random_uuid() as id, gen_random_uuid() as user_id",
    ["--table", "m"],
    "table-is-view",
    /materialized/,
  ],
  [
    "a parent of other tables",
    `create table a (id uuid primary key, user_id uuid); create table b () inherits (a)`,
    ["--table", "a"],
    "table-has-children",
    /Other tables inherit/,
  ],
  [
    "a table that is not there",
    "create table documents (); create table document_pages ()",
    ["--table", "document"],
    "table-missing",
    /no table document: it has documents,/,
  ],
  [
    "a column that is not there",
    "create table docs (id uuid primary key, user_id uuid, title text)",
    ["--table", "docs", "--filename", "titles"],
    "column-missing",
    /no column "titles": it has title, id, user_id; say add --filename with what is right\./,
  ],
  [
    "one of more columns that is not there",
    "create table docs (id uuid primary key, user_id uuid, a text, b text)",
    ["--table", "docs", "--extra", "a,c"],
    "column-missing",
    /no column "c": it has a, b, id and 1 more; say add --extra with/,
  ],
  [
    "an id of another type",
    "create table docs (id smallint primary key, user_id uuid)",
    ["--table", "docs"],
    "id-type",
    /is smallint: name a column of one of the types uuid, bigint, integer, text/,
  ],
  [
    "an id whose type was said wrongly",
    "create table docs (id bigint primary key, user_id uuid)",
    ["--table", "docs", "--id-type", "uuid"],
    "id-type",
    /--id-type bigint/,
  ],
  [
    "an id that is unique but may be null",
    "create table docs (id bigint unique, user_id uuid)",
    ["--table", "docs"],
    "id-not-unique",
    /never null/,
  ],
  [
    "an id that only some rows keep unique",
    "create table docs (id uuid not null, user_id uuid); create unique index on docs (id) where user_id is null",
    ["--table", "docs"],
    "id-not-unique",
    /unique by itself/,
  ],
  [
    "a name of an added column that is taken",
    "create table docs (id uuid primary key, user_id uuid, rev text)",
    ["--table", "docs", "--revision", "rev"],
    "column-taken",
    /--revision/,
  ],
  [
    "a final status that an enum lacks",
    `create type state as enum ('Open', 'Done');
     create table docs (id uuid primary key, user_id uuid, state state)`,
    ["--final", "done"],
    "status-missing",
    /"done" is no value of "state" of public\.docs: name some of Open, Done with --final/,
  ],
  [
    "several tables",
    `create table a (id uuid primary key, user_id uuid);
     create table b (id uuid primary key, user_id uuid, status text)`,
    [],
    "table-unknown",
    /name one of b, a with --table/,
  ],
  ["no table at all", "create table a (id uuid primary key)", [], "table-unknown", /--new-table/],
  [
    "a new table that is there",
    "create table files ()",
    ["--new-table"],
    "table-exists",
    /--table files in place of --new-table/,
  ],
  [
    "a database without Realtime",
    "drop table realtime.messages cascade",
    ["--new-table"],
    "no-realtime",
    /turn Realtime on/,
  ],
  [
    "a database with a later version",
    `create schema file_events; create table file_events.state (schema_version integer);
     insert into file_events.state values (99)`,
    ["--new-table"],
    "newer-database",
    /version 99/,
  ],
];

for (const [name, sql, flags, code, message] of REFUSALS) {
  Deno.test(`add --database-url refuses ${name}`, async () => {
    await using database = await databaseWith(sql);
    await using project = await temporaryProject();
    const before = await project.files();
    const result = await call(
      project,
      ...["add", "--database-url", database.url, "--yes", ...flags],
    );
    assert.equal(result.code, 1);
    assert.match(result.errors, message);
    assert.ok(result.errors.endsWith(`(${code})`), result.errors);
    assert.equal(result.errors.split("\n").length, 1);
    assert.deepEqual(await project.files(), before);
  });
}

Deno.test("add --database-url asks which table, and only for what the database does not show", async () => {
  await using database = await databaseWith(`
    create table a (id uuid primary key, user_id uuid);
    create table b (id uuid primary key, user_id uuid, title text, status text, step integer)`);
  await using project = await temporaryProject();
  const answers = ["1", "none", "step", "", "", "", "", "done", "y"];
  const io = scriptedIo(project.path, answers);
  const code = await run(["add", "--database-url", database.url], io);
  assert.equal(code, 0, [...io.questions, ...io.errors].join("\n"));
  assert.equal(io.questions.length, answers.length);
  assert.match(io.questions[0]!, /Which table\? \[b\]/);
  assert.match(io.questions[1]!, /MIME type, or none\? \[none\]/);
  const mapping = await mappingOf(project);
  assert.equal(mapping?.table, "b");
  assert.equal(mapping?.fields.progress, "step");
  assert.deepEqual(mapping?.finalStatuses, ["done"]);
});

Deno.test("add --database-url asks which statuses are final if none of an enum's words looks it", async () => {
  await using database = await databaseWith(`
    create type state as enum ('draft', 'sent', 'paid');
    create table invoices (id uuid primary key, user_id uuid, title text, status state)`);
  await using project = await temporaryProject();
  const flags = ["--database-url", database.url, "--extra", "none", "--file-type", "none"]
    .concat("--progress", "none", "--processing-stage", "none", "--error-message", "none")
    .concat("--created-at", "none");
  const io = scriptedIo(project.path, ["paid", "y"]);
  assert.equal(await run(["add", ...flags], io), 0, [...io.questions, ...io.errors].join("\n"));
  assert.match(io.questions[0]!, /it has draft, sent, paid\) after which nothing more happens/);
  assert.deepEqual((await mappingOf(project))?.finalStatuses, ["paid"]);
});

Deno.test("add --database-url says what works for a partitioned table", async () => {
  await using database = await databaseWith(`
    create table docs (id uuid primary key, user_id uuid) partition by hash (id)`);
  await using project = await temporaryProject();
  const { output } = await call(project, "add", "--database-url", database.url, "--yes");
  assert.match(output, /public\.docs is partitioned: let your writers name it/);
});

Deno.test("add --database-url says what the database has", async () => {
  await using database = await databaseWith(`
    create schema file_events; create table file_events.state ();
    create table docs (id uuid primary key, user_id uuid)`);
  await using project = await temporaryProject();
  const { output } = await call(project, "add", "--database-url", database.url, "--dry-run");
  assert.match(output, /has file-events with schema version 0/);
});

const SECRET = "open-sesame";
const UNREACHABLE: [name: string, url: string, message: RegExp][] = [
  ["a port where nothing listens", `postgresql://u:${SECRET}@127.0.0.1:1/x`, /host and port/],
  ["a host that does not exist", `postgresql://u:${SECRET}@nowhere.invalid/x`, /host and port/],
  [
    "a database that does not exist",
    (() => {
      const url = new URL(server.url);
      url.password = SECRET;
      url.pathname = "/nowhere";
      return url.href;
    })(),
    /no such database/,
  ],
];

for (const [name, url, message] of UNREACHABLE) {
  Deno.test(`add --database-url names ${name} without the password`, async () => {
    await using project = await temporaryProject();
    const { code, output, errors } = await call(project, "add", "--database-url", url);
    assert.equal(code, 1);
    assert.match(errors, message);
    assert.match(errors, /\(database-unreachable\)$/);
    assert.ok(!(output + errors).includes(SECRET));
  });
}
