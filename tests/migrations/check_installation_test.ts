import assert from "node:assert/strict";
import { openPglite } from "./pglite_database.ts";
import { server } from "../support/test_server.ts";
import {
  createSupabaseDatabase,
  migrations,
  readSql,
} from "../../local/postgres/supabase_database.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";

const script = await readSql("scripts/check_installation.sql");
const migrated = await createSupabaseDatabase(server);
const unmigrated = await createSupabaseDatabase(server, []);
const owner = await migrated.connect();
const newcomer = await unmigrated.connect();
Deno.test.afterAll(async () => {
  for (const database of [migrated, unmigrated]) await database[Symbol.asyncDispose]();
});

interface Finding {
  code: string;
  problem: string;
  cure: string;
}

/** What `check_installation.sql` finds after these changes. */
async function check(session: Session, changes: string): Promise<Finding[]> {
  await session.query("begin");
  await session.query(changes || "select");
  try {
    return await session.query<Finding>(script);
  } finally {
    await session.query("rollback");
  }
}

/** Distinct, in order. */
const codes = (found: Finding[]) => [...new Set(found.map(({ code }) => code))];

const file = `
  insert into auth.users (id) values ('00000000-0000-4000-8000-000000000001');
  insert into public.files (user_id, filename, file_type)
  values ('00000000-0000-4000-8000-000000000001', 'a.txt', 'text/plain');
`;
const listen = `"Users listen to their own files" on realtime.messages`;
const restrict = `"Files are heard by their owner and told by the database" on realtime.messages`;
/** realtime.messages as Realtime has it, with the partition of one day, that far from today. */
const partitions = (distance: string) =>
  `/* a partition ${distance} from today */
  alter table realtime.messages rename to old_messages;
  create table realtime.messages (like realtime.old_messages) partition by range (inserted_at);
  alter table realtime.messages enable row level security;
  grant select on realtime.messages to authenticated;
  do $$ begin execute format('create table realtime.messages_of_day partition of realtime.messages for values from (%L) to (%L)',
    current_date::timestamp + ${distance}, current_date::timestamp + ${distance} + interval '1 day'); end $$;
  create policy ${listen} for select to authenticated
    using (extension = 'broadcast' and topic = 'files:' || (select auth.uid())::text);
  create policy ${restrict} as restrictive for all to public
    using (topic not like 'files:%' or topic = 'files:' || (select auth.uid())::text)
    with check (topic not like 'files:%');
`;
const beforeRow = `
  create function public.touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger zzz_touch before update on public.files for each row execute function public.touch();
`;
/** Drops triggers by the name of their function, those of some events if given (as in tgtype). */
const dropTriggers = (name: string, bits = 60) =>
  `/* no triggers of ${name} (${bits}) */
  do $$ declare name text; begin
    for name in select t.tgname from pg_trigger t join pg_proc p on p.oid = t.tgfoid
      where t.tgrelid = 'public.files'::regclass and p.proname like '${name}' and t.tgtype & ${bits} <> 0
    loop execute format('drop trigger %I on public.files', name); end loop;
  end $$;
`;

/** A broken state, and the one code that names it; the second text is what a problem must name. */
const broken: [code: string, names: string, changes: string][] = [
  ["table-missing", "public.files", "drop table public.files cascade"],
  ["column-missing", "status", "alter table public.files drop column status cascade"],
  [
    "column-missing",
    "revision",
    "alter table public.files drop column revision cascade",
  ],
  [
    "column-type",
    "changed_in",
    "alter table public.files alter column changed_in drop default, alter column changed_in type text",
  ],
  [
    "column-type",
    "progress",
    "alter table public.files drop constraint files_progress_percent, alter column progress drop default, alter column progress type text",
  ],
  [
    "column-generated",
    "error_message",
    "alter table public.files drop column error_message, add column error_message text generated always as (filename) stored; grant select (error_message) on public.files to authenticated",
  ],
  ["table-not-plain", "children", "create table public.more () inherits (public.files)"],
  [
    "table-not-plain",
    "child",
    "create table public.base (id uuid not null); alter table public.files inherit public.base",
  ],
  ["part-missing", "file_deletions", "drop table public.file_deletions cascade"],
  ["part-missing", "state", "drop table file_events.state cascade"],
  ["part-missing", "no row", "delete from file_events.state where singleton"],
  ["part-missing", "revisions", "drop sequence file_events.revisions cascade"],
  [
    "part-missing",
    "file_changes_since",
    "drop function public.file_changes_since(text, text[], boolean)",
  ],
  [
    "id-not-unique",
    "unique",
    "alter table public.files drop constraint files_pkey, alter id set not null",
  ],
  [
    "id-not-unique",
    "null",
    "alter table public.files drop constraint files_pkey, add unique (id), alter id drop not null",
  ],
  [
    "id-not-unique",
    "unique",
    "alter table public.files drop constraint files_pkey, add primary key (id) deferrable",
  ],
  [
    "index-missing",
    "(user_id, changed_in, revision)",
    "drop index public.files_user_id_changed_in_revision_idx",
  ],
  ["index-missing", "(id, revision)", "drop index public.file_deletions_id_revision_idx"],
  ["trigger-missing", "stamp", dropTriggers("stamp")],
  [
    "trigger-missing",
    "stamp",
    `${
      dropTriggers("stamp")
    } create trigger zz_stamp before insert or update of filename on public.files for each row execute function file_events.stamp()`,
  ],
  ["trigger-missing", "insert", dropTriggers("outrank%", 4)],
  ["trigger-missing", "update", `${dropTriggers("outrank%", 16)} ${dropTriggers("leave%", 16)}`],
  ["trigger-missing", "delete", dropTriggers("leave%", 8)],
  ["trigger-missing", "truncate", dropTriggers("leave%", 32)],
  ["trigger-disabled", "stamp", "alter table public.files disable trigger zz_file_events_stamp"],
  [
    "trigger-disabled",
    "stamp",
    "alter table public.files enable replica trigger zz_file_events_stamp",
  ],
  ["trigger-order", "zzz_touch", beforeRow],
  ["rows-unstamped", "1 rows", `set local session_replication_role = replica; ${file}`],
  [
    "rows-from-future",
    "1 rows",
    `${file} set local session_replication_role = replica; update public.files set changed_in = '900000000000' where true`,
  ],
  [
    "revisions-behind",
    "sequence",
    `${file} ${file.replaceAll("0001", "0002")} select setval('file_events.revisions', 1)`,
  ],
  [
    "rows-from-future",
    "1 deletions",
    `${file} delete from public.files where true; update public.file_deletions set changed_in = '900000000000' where true`,
  ],
  [
    "function-altered",
    "stamp",
    "alter function file_events.stamp() security invoker",
  ],
  [
    "function-altered",
    "broadcast",
    "alter function file_events.broadcast() owner to service_role",
  ],
  [
    "function-altered",
    "leave_tombstones",
    `create role check_installation_owner; grant all on schema file_events to check_installation_owner;
    grant select, update on public.files, file_events.state to check_installation_owner;
    grant select, insert, delete on public.file_deletions to check_installation_owner;
    alter function file_events.leave_tombstones() owner to check_installation_owner`,
  ],
  [
    "function-altered",
    "security definer",
    "alter function public.file_changes_since(text, text[], boolean) security definer",
  ],
  [
    "function-altered",
    "arguments",
    `drop function public.file_changes_since(text, text[], boolean);
    create function public.file_changes_since(a text, b text[], c boolean) returns jsonb
      language sql as 'select null::jsonb'`,
  ],
  ["no-live-changes", "late", dropTriggers("broadcast")],
  [
    "no-live-changes",
    "late",
    `${dropTriggers("broadcast")} alter publication supabase_realtime add table public.files`,
  ],
  ["broadcast-incomplete", "delete", dropTriggers("broadcast", 8)],
  ["broadcast-unheard", "policy", `drop policy ${listen}`],
  ["broadcast-unheard", "policy", `alter policy ${listen} to service_role`],
  ["broadcast-unheard", "realtime.messages", "drop table realtime.messages cascade"],
  ["broadcast-unheard", "realtime.send", "drop function realtime.send(jsonb, text, text, boolean)"],
  ["broadcast-unheard", "grant", "revoke select on realtime.messages from authenticated"],
  ["broadcast-unheard", "partition", partitions("interval '-2 days'")],
  ["broadcast-overheard", "restrictive", `drop policy ${restrict}`],
  ["broadcast-overheard", "restrictive", `alter policy ${restrict} using (true)`],
  ["broadcast-overheard", "restrictive", `alter policy ${restrict} to authenticated`],
  [
    "broadcast-overheard",
    "restrictive",
    `drop policy ${restrict}; create policy ${restrict} as permissive for all to public using (topic not like 'files:%' or topic = 'files:' || (select auth.uid())::text) with check (topic not like 'files:%')`,
  ],
  [
    "broadcast-overheard",
    "security is off",
    "alter table realtime.messages disable row level security",
  ],
  [
    "grant-missing",
    "file_changes_since",
    "revoke execute on function public.file_changes_since(text, text[], boolean) from authenticated",
  ],
  [
    "grant-missing",
    "to_ids",
    "revoke execute on function file_events.to_ids(text[]) from authenticated",
  ],
  [
    "grant-missing",
    "changed_in, revision",
    "revoke select on public.files from authenticated; grant select (id, user_id, filename, file_type, status, progress, processing_stage, error_message, created_at) on public.files to authenticated",
  ],
  [
    "grant-missing",
    "created_at",
    "revoke select on public.files from authenticated; grant select (id, user_id, filename, file_type, status, progress, processing_stage, error_message, revision, changed_in) on public.files to authenticated",
  ],
  ["grant-missing", "file_deletions", "revoke select on public.file_deletions from authenticated"],
  [
    "grant-missing",
    "epoch, live, pruned_below, schema_version",
    "revoke select (epoch, pruned_below, schema_version, live) on file_events.state from authenticated",
  ],
  [
    "grant-missing",
    "file_events.revisions",
    "revoke select on sequence file_events.revisions from authenticated",
  ],
  ["grant-missing", "file_events", "revoke usage on schema file_events from authenticated"],
  ["policies-off", "files", "alter table public.files disable row level security"],
  [
    "policies-off",
    "file_deletions",
    "alter table public.file_deletions disable row level security",
  ],
  ["policy-missing", "files", `drop policy "Owners read their files" on public.files`],
  [
    "policy-missing",
    "files",
    `alter policy "Owners read their files" on public.files to service_role`,
  ],
  [
    "policy-missing",
    "file_deletions",
    `drop policy "Owners read their deletions" on public.file_deletions`,
  ],
  [
    "policy-wide",
    "file_deletions",
    `alter policy "Owners read their deletions" on public.file_deletions using (true)`,
  ],
];

for (const [code, names, changes] of broken) {
  Deno.test(`check_installation.sql names ${code}: ${changes.trim().split("\n")[0]}`, async () => {
    const found = await check(owner, changes);
    assert.deepEqual(codes(found), [code], JSON.stringify(found, null, 2));
    assert.ok(found.some(({ problem }) => problem.includes(names)), JSON.stringify(found));
    assert.ok(found.every(({ cure }) => cure));
  });
}

/** Codes whose cure is SQL that can be run as it is. */
const curable = new Set([
  "trigger-disabled",
  "rows-unstamped",
  "rows-from-future",
  "revisions-behind",
  "grant-missing",
  "policies-off",
]);

Deno.test("check_installation.sql finds nothing once its cures have been run", async () => {
  const states = broken.filter(([code]) => curable.has(code)).map(([, , changes]) => changes);
  states.push("alter table public.files disable trigger user");
  for (const changes of states) {
    await owner.query("begin");
    await owner.query(changes);
    await owner.query("reset session_replication_role");
    const found = await owner.query<Finding>(script);
    for (const { code, cure } of found) if (curable.has(code)) await owner.query(cure);
    const left = await owner.query<Finding>(script);
    await owner.query("rollback");
    assert.ok(found.length > 0);
    assert.deepEqual(left.filter(({ code }) => code !== "no-live-changes"), [], changes);
  }
});

for (
  const [what, changes] of [
    ["the shipped migrations", ""],
    ["a row of the same transaction", file],
    [
      "a further table in the publication",
      `create table public.more (id uuid); ${dropTriggers("broadcast")} ${await readSql(
        "scripts/postgres_changes.sql",
      )} alter publication supabase_realtime add table public.more`,
    ],
    [
      "a domain for progress",
      "create domain public.percent as smallint; alter table public.files alter column progress type public.percent",
    ],
    [
      "a publication with both tables in the broadcast's place",
      `${dropTriggers("broadcast")} ${await readSql("scripts/postgres_changes.sql")}`,
    ],
    [
      "grants by column",
      "revoke select on public.files from authenticated; grant select (id, user_id, filename, file_type, status, progress, processing_stage, error_message, created_at, revision, changed_in) on public.files to authenticated",
    ],
    [
      "a policy for service_role",
      "create policy backend on public.files for all to service_role using (true)",
    ],
    ["a partition for today", partitions("interval '0'")],
    [
      "a trigger that fires in replicas only",
      `${beforeRow} alter table public.files enable replica trigger zzz_touch`,
    ],
    [
      "functions of another owner with all that they need",
      `create role check_installation_owner bypassrls; grant all on schema file_events to check_installation_owner;
      grant select, update on public.files, file_events.state to check_installation_owner;
      grant select, insert, delete on public.file_deletions to check_installation_owner;
      alter function file_events.leave_tombstones() owner to check_installation_owner`,
    ],
    ["a BEFORE trigger that sorts before the stamp", beforeRow.replace("zzz_touch", "zy_touch")],
    [
      "a session in whose search_path auth.uid() has a shorter name",
      "set local search_path = auth, realtime, public",
    ],
  ] as const
) {
  Deno.test(`check_installation.sql finds nothing in ${what}`, async () => {
    assert.deepEqual(await check(owner, changes), []);
  });
}

const table = await readSql(migrations[0]!);
for (
  const [what, changes, expected] of [
    ["an empty database", "", ["table-missing"]],
    [
      "a database without Realtime and Auth",
      "drop schema realtime cascade; drop schema auth cascade; drop publication supabase_realtime",
      ["table-missing"],
    ],
    ["the table alone", table, ["not-applied"]],
    [
      "a table with odd columns",
      `${table} alter table public.files drop column status, alter column progress drop default, add column revision text`,
      ["column-missing", "column-type", "not-applied"],
    ],
    [
      "a policy that the stream can't follow",
      `${table} create policy team on public.files for select using (true)`,
      ["not-applied", "policy-wide"],
    ],
    [
      "a policy for which the migration will choose pings",
      `${table} create policy narrow on public.files as restrictive for select using (progress = 0)`,
      ["not-applied", "policy-narrow"],
    ],
    [
      "an id that is not unique",
      `${table} alter table public.files drop constraint files_pkey`,
      ["id-not-unique", "not-applied"],
    ],
    [
      "a grant that the table lacks",
      `${table} revoke select on public.files from authenticated`,
      ["grant-missing", "not-applied"],
    ],
    [
      "a trigger whose name sorts after the stamp's",
      `${table} ${beforeRow}`,
      ["not-applied", "trigger-order"],
    ],
    [
      "a view",
      `${table} alter table public.files rename to f; create view public.files as table public.f`,
      ["table-not-plain"],
    ],
    [
      "a partition",
      `create table public.f (id uuid, user_id uuid) partition by hash (id); create table public.files partition of public.f for values with (modulus 1, remainder 0)`,
      ["column-missing", "id-not-unique", "not-applied", "policies-off", "table-not-plain"],
    ],
  ] as const
) {
  Deno.test(`check_installation.sql before the migrations: ${what}`, async () => {
    assert.deepEqual(codes(await check(newcomer, changes)), expected);
  });
}

Deno.test("check_installation.sql runs where transactions are read-only", async () => {
  await owner.query("begin transaction read only");
  try {
    assert.deepEqual(await owner.query(script), []);
  } finally {
    await owner.query("rollback");
  }
});

Deno.test("check_installation.sql finds nothing after remove_file_events.sql but what it took", async () => {
  const database = await createSupabaseDatabase(server);
  try {
    await using session = await database.connect();
    await session.query(await readSql("scripts/remove_file_events.sql"));
    assert.deepEqual(codes(await session.query(script)), ["not-applied"]);
  } finally {
    await database[Symbol.asyncDispose]();
  }
});

Deno.test("check_installation.sql finds nothing in the embedded database", async () => {
  await using pglite = await openPglite();
  assert.deepEqual(await pglite.session.query(script), []);
});
