import assert from "node:assert/strict";
import { openPglite } from "./pglite_database.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";
import {
  actAs,
  actAsAnon,
  actAsOwner,
  createUser,
} from "../../local/postgres/supabase_database.ts";

const { database, session } = await openPglite();
Deno.test.afterAll(() => database.close());

async function addFile(owner: string, columns: Record<string, unknown> = {}): Promise<string> {
  const row = { user_id: owner, filename: "a.pdf", file_type: "application/pdf", ...columns };
  const names = Object.keys(row);
  const [added] = await session.query<{ id: string }>(
    `insert into public.files (${names}) values (${names.map((_, i) => `$${i + 1}`)}) returning id`,
    Object.values(row),
  );
  return added!.id;
}

async function ownerAndStranger(): Promise<{ owner: string; stranger: string }> {
  await actAsOwner(session);
  return { owner: await createUser(session), stranger: await createUser(session) };
}

function count(session: Session, table: string): Promise<number> {
  return session.query<{ count: number }>(`select count(*)::integer from ${table}`)
    .then(([row]) => row!.count);
}

Deno.test("files fills in owner, id, status and progress", async () => {
  const { owner } = await ownerAndStranger();
  await actAs(session, owner);
  const [file] = await session.query<Record<string, unknown>>(
    "insert into public.files (filename, file_type) values ('a.pdf', 'pdf') returning *",
  );
  assert.equal(file!.user_id, owner);
  assert.equal(file!.status, "pending");
  assert.equal(file!.progress, 0);
  assert.equal(file!.processing_stage, null);
  assert.equal(file!.error_message, null);
});

for (
  const [column, value, constraint] of [
    ["status", "done", /files_status_known/],
    ["progress", -1, /files_progress_percent/],
    ["progress", 101, /files_progress_percent/],
    ["processing_stage", "upload", /files_processing_stage_known/],
    ["filename", "", /files_filename_not_empty/],
    ["filename", null, /not-null/],
    ["file_type", null, /not-null/],
    ["status", null, /not-null/],
    ["progress", null, /not-null/],
  ] as const
) {
  Deno.test(`files refuses ${column} ${JSON.stringify(value)}`, async () => {
    const { owner } = await ownerAndStranger();
    await assert.rejects(addFile(owner, { [column]: value }), constraint);
  });
}

Deno.test("files refuses an owner that is no user", async () => {
  await actAsOwner(session);
  await assert.rejects(addFile(crypto.randomUUID()), /files_user_id_fkey/);
});

Deno.test("files stores newlines, quotes, emoji and 100 kB of error message", async () => {
  const { owner } = await ownerAndStranger();
  const text = `"quoted" 'twice'\r\n\ttab \\ 👩‍🚀 \u0001`;
  const id = await addFile(owner, {
    filename: text,
    status: "failed",
    error_message: text.repeat(5000),
  });
  const [file] = await session.query<{ filename: string; error_message: string }>(
    "select filename, error_message from public.files where id = $1",
    [id],
  );
  assert.equal(file!.filename, text);
  assert.equal(file!.error_message, text.repeat(5000));
});

Deno.test("files moves updated_at at each update", async () => {
  const { owner } = await ownerAndStranger();
  const id = await addFile(owner, { updated_at: "2001-01-01T00:00:00Z" });
  const [file] = await session.query<{ moved: boolean }>(
    "update public.files set progress = 1 where id = $1 returning updated_at = now() as moved",
    [id],
  );
  assert.equal(file!.moved, true);
});

Deno.test("files of another owner can't be read, changed, deleted or taken", async () => {
  const { owner, stranger } = await ownerAndStranger();
  const id = await addFile(owner);
  await actAs(session, stranger);
  assert.equal(await count(session, "public.files"), 0);
  for (
    const sql of [
      "update public.files set progress = 1 where id = $1 returning id",
      `update public.files set user_id = '${stranger}' where id = $1 returning id`,
      "delete from public.files where id = $1 returning id",
    ]
  ) assert.deepEqual(await session.query(sql, [id]), [], sql);
  await actAs(session, owner);
  assert.equal(await count(session, "public.files"), 1);
});

Deno.test("files can't be added for, or given to, another owner", async () => {
  const { owner, stranger } = await ownerAndStranger();
  const id = await addFile(owner);
  await actAs(session, owner);
  await assert.rejects(addFile(stranger), /row-level security/);
  await assert.rejects(
    session.query("update public.files set user_id = $1 where id = $2", [stranger, id]),
    /row-level security/,
  );
});

Deno.test("files can be changed and deleted by their owner", async () => {
  const { owner } = await ownerAndStranger();
  const id = await addFile(owner);
  await actAs(session, owner);
  assert.equal(
    (await session.query("update public.files set progress = 1 where id = $1 returning id", [id]))
      .length,
    1,
  );
  assert.equal(
    (await session.query("delete from public.files where id = $1 returning id", [id])).length,
    1,
  );
});

for (
  const sql of [
    "select from public.files",
    "insert into public.files (filename, file_type) values ('a', 'b')",
    "update public.files set progress = 1",
    "delete from public.files",
    "select from public.file_deletions",
    "select public.file_changes_since()",
    "select file_events.prune()",
  ]
) {
  Deno.test(`anon is refused: ${sql}`, async () => {
    await actAsAnon(session);
    await assert.rejects(session.query(sql), /permission denied/);
  });
}

for (
  const sql of [
    "truncate public.files",
    "insert into public.file_deletions values (1, gen_random_uuid(), gen_random_uuid(), '1')",
    "update public.file_deletions set revision = 1",
    "delete from public.file_deletions",
    "truncate public.file_deletions",
    "select * from file_events.state",
    "update file_events.state set pruned_below = '0'",
    "select nextval('file_events.revisions')",
    "select setval('file_events.revisions', 1)",
    "select file_events.prune()",
    "select file_events.renew_epoch()",
    "create table file_events.mine ()",
  ]
) {
  Deno.test(`authenticated is refused: ${sql}`, async () => {
    const { owner } = await ownerAndStranger();
    await actAs(session, owner);
    await assert.rejects(session.query(sql), /permission denied/);
  });
}

Deno.test("file_deletions shows each user their own deletions only", async () => {
  const { owner, stranger } = await ownerAndStranger();
  const id = await addFile(owner);
  await session.query("delete from public.files where id = $1", [id]);
  await actAs(session, stranger);
  assert.equal(await count(session, "public.file_deletions"), 0);
  await actAs(session, owner);
  assert.deepEqual(await session.query("select id from public.file_deletions"), [{ id }]);
});

Deno.test("files and file_deletions are in the publication once it is opted in, twice or not", async () => {
  await actAsOwner(session);
  const sql = await Deno.readTextFile(
    new URL("../../supabase/scripts/postgres_changes.sql", import.meta.url),
  );
  await session.query(sql);
  await session.query(sql);
  assert.deepEqual(
    await session.query(`
      select tablename from pg_publication_tables
      where pubname = 'supabase_realtime' and schemaname = 'public' order by 1
    `),
    [{ tablename: "file_deletions" }, { tablename: "files" }],
  );
});

Deno.test("functions of file_events update and delete with a WHERE, as safeupdate demands", async () => {
  await actAsOwner(session);
  const functions = await session.query<{ name: string; source: string }>(`
    select proname as name, prosrc as source from pg_proc
    where pronamespace = 'file_events'::regnamespace
  `);
  const writes = functions.flatMap(({ source }) => source.split(";"))
    .filter((statement) => /\b(update (public|file_events)\.|delete from)/.test(statement));
  assert.ok(writes.length >= 6);
  for (const statement of writes) assert.match(statement, /\bwhere\b/);
});
