import assert from "node:assert/strict";
import { changesSince, isCovered } from "../../local/postgres/changes_since.ts";
import { CatchUpClient } from "./catch_up_client.ts";
import { addFiles } from "./stage.ts";
import { server } from "../support/test_server.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";
import { createSupabaseDatabase, createUser } from "../../local/postgres/supabase_database.ts";

const database = await createSupabaseDatabase(server);
const owner = await database.connect();
Deno.test.afterAll(() => database[Symbol.asyncDispose]());

/** A session with a transaction that has an id and stays open. */
async function openTransaction(): Promise<Session> {
  const session = await database.connect();
  await session.query("begin");
  await session.query("select pg_current_xact_id()");
  return session;
}

/** Counts what a client is sent until it has all. */
async function catchUp(session: Session, client: CatchUpClient): Promise<number> {
  let read = 0;
  for (let more = true; more;) {
    const page = await changesSince(session, client.cursor);
    client.cursor = page.cursor;
    for (const file of page.files) client.files.set(file.id, file);
    read += page.files.length + page.deletions.length;
    more = page.more;
  }
  return read;
}

Deno.test("file_changes_since(cursor) returns nothing again while a transaction stays open", async () => {
  const user = await createUser(owner);
  await using reader = await database.connectAs(user);
  await using _open = await openTransaction();
  const client = new CatchUpClient(reader);
  await addFiles(owner, user, 2_000);
  assert.equal(await catchUp(reader, client), 2_000);
  assert.equal(await catchUp(reader, client), 0);
  await owner.query("update public.files set progress = 1 where user_id = $1 and filename = '7'", [
    user,
  ]);
  assert.equal(await catchUp(reader, client), 1);
});

Deno.test("20,000 changes under an open transaction come to an end", async () => {
  const user = await createUser(owner);
  await using reader = await database.connectAs(user);
  await using open = await openTransaction();
  const client = new CatchUpClient(reader);
  await addFiles(open, user, 20_000);
  assert.equal(await catchUp(reader, client), 0);
  await open.query("commit");
  assert.equal(await catchUp(reader, client), 20_000);
  assert.equal(await catchUp(reader, client), 0);
});

Deno.test("file_changes_since(cursor) reads nothing in a run of several pages that it had read before", async () => {
  const user = await createUser(owner);
  await using reader = await database.connectAs(user);
  await using early = await openTransaction();
  await using _late = await openTransaction();
  const client = new CatchUpClient(reader);
  await addFiles(owner, user, 1_000);
  await catchUp(reader, client);
  await addFiles(early, user, 1_200);
  await early.query("commit");
  await addFiles(owner, user, 800);
  assert.equal(await catchUp(reader, client), 2_000);
});

Deno.test("file_changes_since() does not cover what its own transaction may still write", async () => {
  const user = await createUser(owner);
  await using writer = await database.connect();
  await writer.query("begin");
  await addFiles(writer, user, 1);
  await writer.query("select set_config('request.jwt.claim.sub', $1, true)", [user]);
  await writer.query("set local role authenticated");
  const page = await changesSince(writer, null);
  await writer.query("reset role");
  await addFiles(writer, user, 1);
  const [row] = await writer.query<{ id: string }>("select pg_current_xact_id()::text as id");
  await writer.query("commit");
  assert.ok(!isCovered(page.covers, row!.id));
});

Deno.test("file_changes_since() names 16 running transactions, and covers nothing from the 17th on", async () => {
  const user = await createUser(owner);
  await using reader = await database.connectAs(user);
  await using stack = new AsyncDisposableStack();
  const open: Session[] = [];
  for (let i = 0; i < 18; i++) open.push(stack.use(await openTransaction()));
  const ids: string[] = [];
  for (const session of open) {
    const [row] = await session.query<{ id: string }>("select pg_current_xact_id()::text as id");
    ids.push(row!.id);
  }
  // A snapshot lists those that are older than one which has ended.
  await addFiles(owner, await createUser(owner), 1);
  const { covers, cursor } = await changesSince(reader, null);
  assert.deepEqual(covers, [ids[16], ...ids.slice(0, 16)]);
  assert.match(cursor, /^[0-9a-z.-]{1,1024}$/);
  await addFiles(open[17]!, user, 1);
  await addFiles(open[3]!, user, 1);
  for (const session of open) await session.query("commit");
  const page = await changesSince(reader, cursor);
  assert.equal(page.reset, false);
  assert.equal(page.files.length, 2);
});

Deno.test("file_changes_since() covers only what lies below a snapshot that lists nothing, as on a standby", async () => {
  // A standby knows the oldest running transaction, and none by name.
  const user = await createUser(owner);
  const [source] = await owner.query<{ sql: string }>(
    "select pg_get_functiondef('public.file_changes_since(text, text[], boolean)'::regprocedure) as sql",
  );
  const listed = "select pg_snapshot_xip(now_visible) as id union";
  assert.ok(source!.sql.includes(listed));
  await using open = await openTransaction();
  await addFiles(owner, user, 1);
  await using reader = await database.connectAs(user);
  await owner.query(source!.sql.replace(listed, "select null::xid8 as id union"));
  try {
    const { covers } = await changesSince(reader, null);
    const [row] = await open.query<{ id: string }>("select pg_current_xact_id()::text as id");
    assert.deepEqual(covers, [row!.id]);
  } finally {
    await owner.query(source!.sql);
  }
});

Deno.test("file_changes_since() is current only once no file has changed since its run began", async () => {
  const user = await createUser(owner);
  await using reader = await database.connectAs(user);
  await addFiles(owner, user, 501);
  const first = await changesSince(reader, null);
  assert.deepEqual([first.more, first.current], [true, false]);
  await owner.query(
    "update public.files set progress = 1 where user_id = $1 and filename = '501'",
    [
      user,
    ],
  );
  const last = await changesSince(reader, first.cursor);
  assert.deepEqual([last.more, last.current], [false, false]);
  const next = await changesSince(reader, last.cursor);
  assert.deepEqual([next.files.length, next.more, next.current], [1, false, true]);
});

Deno.test("file_changes_since() fails on rows from the future of a database, and names the cure", async () => {
  const user = await createUser(owner);
  await using reader = await database.connectAs(user);
  await owner.query("set session_replication_role = replica");
  await owner.query(
    `insert into public.files (user_id, filename, file_type, revision, changed_in)
    values ($1, 'restored.pdf', 'pdf', 1, '900000000000')`,
    [user],
  );
  await owner.query("set session_replication_role = origin");
  await assert.rejects(changesSince(reader, null), (error: Error & { code?: string }) => {
    assert.equal(error.code, "55000");
    assert.match(error.message, /run select file_events\.renew_epoch\(\)/);
    return true;
  });
  await owner.query("select file_events.renew_epoch()");
  assert.equal((await changesSince(reader, null)).files.length, 1);
});

Deno.test("a cursor is good for another token of the same sign-in, and for no other rights", async () => {
  const user = await createUser(owner);
  await using reader = await database.connectAs(user);
  const ask = async (since: string | null, claims: Record<string, unknown>) => {
    const all = { sub: user, role: "authenticated", ...claims };
    await reader.query("select set_config('request.jwt.claims', $1, false)", [JSON.stringify(all)]);
    return await changesSince(reader, since);
  };
  const { cursor } = await ask(null, { aal: "aal1", exp: 1, session_id: "a", amr: [1] });
  const renewed = { exp: 2, iat: 2, nbf: 2, jti: "b", session_id: "b", amr: [2] };
  assert.equal((await ask(cursor, { aal: "aal1", ...renewed })).reset, false);
  assert.equal((await ask(cursor, { aal: "aal2" })).reset, true);
  assert.equal((await ask(cursor, { aal: "aal1", client_id: "other" })).reset, true);
});
