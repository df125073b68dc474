import type { TableMapping } from "../../../setup/mapping/table_mapping.ts";

/** A database as somebody may have it, and what becomes of it. */
export interface UserSchema {
  /** Continues "the schema of ". */
  readonly name: string;
  /** Runs on a new project's database. */
  readonly sql: string;
  /** Flags of `add` besides the database's URL. */
  readonly flags: readonly string[];
  readonly expected: Refused | Streamed;
}

export interface Refused {
  /** The code of the refusal. */
  readonly refused: string;
}

export interface Streamed {
  /** What `add` must find out or be told. */
  readonly mapping: Partial<TableMapping>;
  /** How the migration decides to send live changes. */
  readonly live: "rows" | "pings";
  /** Statements that make, change and delete one row; `$1` is the user's id. */
  readonly insert: string;
  readonly update: string;
  readonly delete: string;
  /** Fields of the file after the insert and after the update. */
  readonly inserted: Readonly<Record<string, unknown>>;
  readonly updated: Readonly<Record<string, unknown>>;
}

/** Lets owners do everything with their rows. */
function ownersOnly(table: string, owner: string): string {
  return `
    alter table ${table} enable row level security;
    create policy "Owners only" on ${table} for all to authenticated
      using (${owner} = (select auth.uid())) with check (${owner} = (select auth.uid()));
  `;
}

export const SCHEMAS: readonly UserSchema[] = [
  {
    name: "uploads with a bigint id, an enum and a numeric percentage",
    sql: `
      create type upload_state as enum ('waiting', 'running', 'done', 'error');
      create table uploads (
        id bigint generated always as identity primary key,
        owner_id uuid not null references auth.users (id),
        original_name text not null,
        mime_type varchar(255),
        state upload_state not null default 'waiting',
        percent numeric(5, 2),
        error text,
        uploaded_at timestamptz not null default now()
      );
      ${ownersOnly("uploads", "owner_id")}
    `,
    flags: ["--table", "uploads"],
    expected: {
      mapping: {
        table: "uploads",
        idType: "bigint",
        owner: "owner_id",
        finalStatuses: ["done", "error"],
      },
      live: "rows",
      insert: "insert into uploads (owner_id, original_name) values ($1, 'cat.png')",
      update: "update uploads set state = 'running', percent = 12.5 where owner_id = $1",
      delete: "delete from uploads where owner_id = $1",
      inserted: { filename: "cat.png", status: "waiting", progress: null },
      updated: { status: "running", progress: 12.5 },
    },
  },
  {
    name: "documents with soft delete, created_by and two more columns in the event",
    sql: `
      create table documents (
        id uuid primary key default gen_random_uuid(),
        created_by uuid not null default auth.uid() references auth.users (id) on delete cascade,
        title text not null,
        content_type text,
        status text not null default 'queued'
          check (status in ('queued', 'working', 'completed', 'failed')),
        progress smallint,
        failure_reason text,
        page_count integer,
        result_url text,
        deleted_at timestamptz,
        created_at timestamptz not null default now()
      );
      alter table documents enable row level security;
      create policy "Mine, unless deleted" on documents for select to authenticated
        using (created_by = auth.uid() and deleted_at is null);
      create policy "I add" on documents for insert to authenticated
        with check (created_by = auth.uid());
    `,
    flags: ["--table", "documents", "--extra", "page_count,result_url"],
    expected: {
      mapping: {
        owner: "created_by",
        extra: ["page_count", "result_url"],
        finalStatuses: ["completed", "failed"],
      },
      live: "pings",
      insert: "insert into documents (created_by, title, page_count) values ($1, 'Terms', 3)",
      update: `update documents set status = 'completed', result_url = 'https://example.com/1'
        where created_by = $1`,
      // Soft: the policy hides it.
      delete: "update documents set deleted_at = now() where created_by = $1",
      inserted: { filename: "Terms", status: "queued", page_count: 3, result_url: null },
      updated: { status: "completed", page_count: 3, result_url: "https://example.com/1" },
    },
  },
  {
    name: "jobs with a serial id, a fraction as progress and JSON metadata",
    sql: `
      create table jobs (
        id serial primary key,
        user_id uuid not null,
        name text,
        kind text,
        status text,
        progress real default 0,
        step text,
        last_error text,
        metadata jsonb not null default '{}',
        inserted_at timestamp not null default now()
      );
      ${ownersOnly("jobs", "user_id")}
    `,
    flags: ["--table", "public.jobs", "--extra", "metadata", "--final", "ok,broken"],
    expected: {
      mapping: { idType: "integer", finalStatuses: ["ok", "broken"], extra: ["metadata"] },
      live: "rows",
      insert: `insert into jobs (user_id, name, metadata) values ($1, 'import', '{"rows": 7}')`,
      update: "update jobs set progress = 0.5, step = 'parsing' where user_id = $1",
      delete: "delete from jobs where user_id = $1",
      inserted: { filename: "import", progress: 0, metadata: { rows: 7 } },
      updated: { progress: 0.5, processing_stage: "parsing" },
    },
  },
  {
    name: "videos in a schema of their own, with a text id",
    sql: `
      create schema media;
      grant usage on schema media to authenticated;
      create table media.videos (
        id text primary key,
        author uuid not null references auth.users (id),
        title text,
        status text not null default 'new',
        progress integer
      );
      grant select, insert, update, delete on media.videos to authenticated;
      ${ownersOnly("media.videos", "author")}
    `,
    flags: ["--table", "media.videos", "--final", "published"],
    expected: {
      mapping: { schema: "media", table: "videos", idType: "text", owner: "author" },
      live: "rows",
      insert: "insert into media.videos (id, author, title) values ('ready', $1, 'Holiday')",
      update: "update media.videos set status = 'published', progress = 100 where author = $1",
      delete: "delete from media.videos where author = $1",
      inserted: { id: "ready", filename: "Holiday", file_type: null, status: "new" },
      updated: { id: "ready", status: "published", progress: 100 },
    },
  },
  {
    name: "names with capitals, spaces and reserved words",
    sql: `
      create table "Order Items" (
        "Id" bigint generated by default as identity unique not null,
        "user" uuid not null,
        "Name" text,
        "select" text,
        "State" text default 'Open',
        "100%" integer
      );
      ${ownersOnly('"Order Items"', '"user"')}
    `,
    flags: [
      ...["--table", "Order Items", "--owner", "user", "--id", "Id", "--filename", "Name"],
      ...["--status", "State", "--progress", "100%", "--extra", "select", "--final", "Closed"],
    ],
    expected: {
      mapping: { table: "Order Items", id: "Id", owner: "user", extra: ["select"] },
      live: "rows",
      insert: `insert into "Order Items" ("user", "Name", "select") values ($1, 'Tea', 'green')`,
      update: `update "Order Items" set "State" = 'Closed', "100%" = 7 where "user" = $1`,
      delete: `delete from "Order Items" where "user" = $1`,
      inserted: { filename: "Tea", status: "Open", select: "green" },
      updated: { status: "Closed", progress: 7 },
    },
  },
  {
    name: "tasks that have a column revision already",
    sql: `
      create table tasks (
        id uuid primary key default gen_random_uuid(),
        user_id uuid not null,
        name text not null,
        status text not null default 'pending',
        revision integer not null default 1,
        changed_in text
      );
      ${ownersOnly("tasks", "user_id")}
    `,
    flags: ["--table", "tasks", "--extra", "changed_in"],
    expected: {
      mapping: { table: "tasks" },
      live: "rows",
      insert: "insert into tasks (user_id, name, changed_in) values ($1, 'Paint', 'May')",
      update: "update tasks set status = 'ready' where user_id = $1",
      delete: "delete from tasks where user_id = $1",
      inserted: { filename: "Paint", changed_in: "May" },
      updated: { status: "ready" },
    },
  },
  {
    name: "records that only members of a project may read",
    sql: `
      create table members (project integer, user_id uuid, primary key (project, user_id));
      alter table members enable row level security;
      create policy "Mine" on members for select to authenticated using (user_id = auth.uid());
      create table records (
        id uuid primary key default gen_random_uuid(),
        user_id uuid not null,
        project integer,
        name text,
        status text default 'draft'
      );
      alter table records enable row level security;
      create policy "Members" on records for select to authenticated using (
        user_id = auth.uid()
        and (project is null or project in (select m.project from members m))
      );
    `,
    flags: ["--table", "records", "--final", "draft"],
    expected: {
      mapping: { table: "records" },
      live: "pings",
      insert: "insert into records (user_id, name) values ($1, 'Budget')",
      update: "update records set status = 'sent' where user_id = $1",
      delete: "update records set project = 1 where user_id = $1",
      inserted: { filename: "Budget", status: "draft" },
      updated: { status: "sent" },
    },
  },
  {
    name: "messages partitioned by the hash of their id",
    sql: `
      create table messages (
        id bigint generated by default as identity primary key,
        sender_id uuid not null,
        subject text,
        status text default 'queued'
      ) partition by hash (id);
      create table messages_0 partition of messages for values with (modulus 2, remainder 0);
      create table messages_1 partition of messages for values with (modulus 2, remainder 1);
      ${ownersOnly("messages", "sender_id")}
    `,
    flags: ["--table", "messages", "--owner", "sender_id", "--filename", "subject"],
    expected: {
      mapping: { table: "messages", owner: "sender_id", idType: "bigint" },
      live: "rows",
      insert: "insert into messages (sender_id, subject) values ($1, 'Hello')",
      update: "update messages set status = 'sent' where sender_id = $1",
      delete: "delete from messages where sender_id = $1",
      inserted: { filename: "Hello", status: "queued" },
      updated: { status: "sent" },
    },
  },
  {
    name: "events partitioned by time",
    sql: `
      create table events (
        id bigint generated by default as identity,
        user_id uuid not null,
        name text,
        status text,
        created_at timestamptz not null default now(),
        primary key (id, created_at)
      ) partition by range (created_at);
    `,
    flags: ["--table", "events"],
    expected: { refused: "id-not-unique" },
  },
  {
    name: "one partition",
    sql: `
      create table logs (id uuid primary key, user_id uuid not null, name text)
        partition by hash (id);
      create table logs_0 partition of logs for values with (modulus 1, remainder 0);
    `,
    flags: ["--table", "logs_0"],
    expected: { refused: "table-is-partition" },
  },
  {
    name: "a child of another table",
    sql: `
      create table assets (id uuid primary key, user_id uuid not null, name text);
      create table images (width integer, primary key (id)) inherits (assets);
    `,
    flags: ["--table", "images"],
    expected: { refused: "table-inherits" },
  },
  {
    name: "a view over two tables",
    sql: `
      create table blobs (id uuid primary key, name text);
      create table owners (blob uuid primary key references blobs (id), user_id uuid not null);
      create view owned_blobs with (security_invoker = true) as
        select b.id, o.user_id, b.name from blobs b join owners o on o.blob = b.id;
    `,
    flags: ["--table", "owned_blobs"],
    expected: { refused: "table-is-view" },
  },
  {
    name: "files of a team, without an owner",
    sql: `
      create table team_files (id uuid primary key, team_id bigint not null, name text);
    `,
    flags: ["--table", "team_files"],
    expected: { refused: "owner-missing" },
  },
  {
    name: "an owner that is a text",
    sql: `
      create table notes (id uuid primary key, user_id text not null, title text);
    `,
    flags: ["--table", "notes"],
    expected: { refused: "owner-not-uuid" },
  },
  {
    name: "an id that is unique for each user only",
    sql: `
      create table photos (
        user_id uuid not null, id integer not null, name text, primary key (user_id, id)
      );
    `,
    flags: ["--table", "photos"],
    expected: { refused: "id-not-unique" },
  },
  {
    name: "an id whose key is deferrable",
    sql: `
      create table scans (
        id uuid primary key deferrable, user_id uuid not null, name text
      );
    `,
    flags: ["--table", "scans"],
    expected: { refused: "id-not-unique" },
  },
  {
    name: "a status that is generated",
    sql: `
      create table exports (
        id uuid primary key,
        user_id uuid not null,
        name text,
        finished boolean,
        status text generated always as (case when finished then 'ready' end) stored
      );
    `,
    flags: ["--table", "exports"],
    expected: { refused: "column-generated" },
  },
  {
    name: "an extra column named like a field of the protocol",
    sql: `
      create table items (id uuid primary key, user_id uuid not null, title text, filename text);
    `,
    flags: ["--table", "items", "--filename", "title", "--extra", "filename"],
    expected: { refused: "mapping-invalid" },
  },
];
