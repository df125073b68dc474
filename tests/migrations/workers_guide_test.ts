import assert from "node:assert/strict";
import { CatchUpClient, changesSince } from "../../local/postgres/changes_since.ts";
import { guideSql } from "../support/guide_sql.ts";
import { startPostgres } from "../../local/postgres/postgres_server.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";
import { createSupabaseDatabase, createUser } from "../../local/postgres/supabase_database.ts";

const server = await startPostgres();
Deno.test.afterAll(() => server.stop());

const sql = (heading: string) => guideSql(heading, "workers");
const [setUpLeases, report, finish, sweepAttempts] = sql("Leases") as [
  string,
  string,
  string,
  string,
];

interface Row {
  id: string;
  lease: string;
  status: string;
  progress: number;
  attempts: number;
  error_message: string | null;
}

/** A database with `setUp` in it, and a user who has `count` files, the oldest first. */
async function filesOfUser({ count = 1, setUp = "" } = {}) {
  const database = await createSupabaseDatabase(server);
  const owner = await database.connect();
  if (setUp) await owner.query(setUp);
  const user = await createUser(owner);
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const [file] = await owner.query<{ id: string }>(
      `insert into public.files (user_id, filename, file_type) values ($1, $2, 'text/plain')
       returning id`,
      [user, `${i}.txt`],
    );
    ids.push(file!.id);
  }
  return { database, owner, user, ids };
}

const statuses = async (owner: Session) =>
  (await owner.query<Row>("select * from public.files order by created_at"))
    .map(({ status }) => status);

/** How many rows a statement has changed. */
const changed = async (session: Session, statement: string, parameters: unknown[]) =>
  (await session.query(`${statement.trim().replace(/;$/, "")} returning id`, parameters)).length;

const take = async (session: Session) =>
  (await session.query<Row>("select * from public.take_file()"))[0];

const expireLeases = "update public.files set leased_until = now() - interval '1 second'";

/** Makes rows look as if nothing had updated them for so long. */
async function lastUpdated(owner: Session, age: string): Promise<void> {
  await owner.query("set session_replication_role = replica");
  await owner.query("update public.files set updated_at = now() - $1::interval", [age]);
  await owner.query("reset session_replication_role");
}

Deno.test("the guide's report moves a file in progress, and none that others have ended", async () => {
  const { database, owner, ids: [id] } = await filesOfUser();
  await using _database = database;
  await using _owner = owner;
  const [write] = sql("What to write, and how often");
  assert.equal(await changed(owner, write!, [id]), 1);
  await owner.query("update public.files set status = 'failed'");
  assert.equal(await changed(owner, write!, [id]), 0);
  assert.deepEqual(await statuses(owner), ["failed"]);
});

Deno.test("the guide's sweep fails what nobody has updated for five minutes, and nothing else", async () => {
  const { database, owner } = await filesOfUser({ count: 3 });
  await using _database = database;
  await using _owner = owner;
  // pg_cron, as far as the guide uses it.
  await owner.query(`
    create schema cron;
    create table cron.job (name text, command text);
    create function cron.schedule(name text, schedule text, command text) returns void
      language sql as 'insert into cron.job values ($1, $3)'`);
  const [sweep, schedule] = sql("A sweep of stale rows");
  await owner.query(schedule!);
  const [job] = await owner.query<{ command: string }>("select command from cron.job");

  for (const statement of [sweep!, job!.command]) {
    await owner.query(
      "update public.files set status = 'processing', error_message = null where filename = '0.txt'",
    );
    await owner.query("update public.files set status = 'ready' where filename = '1.txt'");
    await lastUpdated(owner, "4 minutes");
    await owner.query(statement);
    assert.deepEqual(await statuses(owner), ["processing", "ready", "pending"]);

    await lastUpdated(owner, "6 minutes");
    await owner.query(statement);
    assert.deepEqual(await statuses(owner), ["failed", "ready", "pending"]);
  }
});

Deno.test("a sign of life saves a row from the guide's sweep, and sends nothing", async () => {
  const { database, owner, user } = await filesOfUser();
  await using _database = database;
  await using _owner = owner;
  await using reader = await database.connectAs(user);
  await owner.query("update public.files set status = 'processing'");
  const { cursor } = await changesSince(reader, null);
  await lastUpdated(owner, "6 minutes");
  await owner.query("update public.files set progress = progress");
  await owner.query(sql("A sweep of stale rows")[0]!);
  assert.deepEqual(await statuses(owner), ["processing"]);
  assert.deepEqual((await changesSince(reader, cursor)).files, []);
});

Deno.test("the guide's take_file() gives two workers two files, the oldest first", async () => {
  const { database, owner, ids } = await filesOfUser({ count: 2, setUp: setUpLeases });
  await using _database = database;
  await using _owner = owner;
  await using other = await database.connect();
  // Without SKIP LOCKED it would wait.
  await other.query("set lock_timeout = '5s'");
  await owner.query("begin");
  const first = await take(owner);
  // The first worker's transaction is still open: its row is locked, and skipped.
  const second = await take(other);
  await owner.query("commit");
  assert.deepEqual([first?.id, second?.id], ids);
  assert.equal(await take(other), undefined);
});

Deno.test("only a project's own workers may call the guide's take_file()", async () => {
  const { database, owner, user } = await filesOfUser({ setUp: setUpLeases });
  await using _database = database;
  await using _owner = owner;
  await using session = await database.connectAs(user);
  await assert.rejects(take(session), /permission denied for function take_file/);
  await session.query("reset role");
  await session.query("set role service_role");
  assert.ok(await take(session));
});

Deno.test("a worker that has lost its lease can write nothing more", async () => {
  const { database, owner } = await filesOfUser({ setUp: setUpLeases });
  await using _database = database;
  await using _owner = owner;
  const lost = (await take(owner))!;
  assert.equal(await changed(owner, report, [lost.id, lost.lease, "embedding", 60]), 1);
  await owner.query(expireLeases);
  const now = (await take(owner))!;
  assert.equal(now.id, lost.id);
  assert.notEqual(now.lease, lost.lease);

  assert.equal(await changed(owner, report, [lost.id, lost.lease, "embedding", 80]), 0);
  assert.equal(await changed(owner, finish, [lost.id, lost.lease]), 0);
  assert.deepEqual(await statuses(owner), ["processing"]);
  assert.equal(await changed(owner, finish, [now.id, now.lease]), 1);
  assert.deepEqual(await statuses(owner), ["ready"]);
});

Deno.test("a report renews the lease, and a renewal alone sends nothing", async () => {
  const { database, owner, user } = await filesOfUser({ setUp: setUpLeases });
  await using _database = database;
  await using _owner = owner;
  await using reader = await database.connectAs(user);
  const { id, lease } = (await take(owner))!;
  const parameters = [id, lease, "extraction", 5];
  await changed(owner, report, parameters);
  const { cursor } = await changesSince(reader, null);

  await owner.query(expireLeases);
  await changed(owner, report, parameters);
  assert.equal(await take(owner), undefined);
  assert.deepEqual((await changesSince(reader, cursor)).files, []);
});

Deno.test("progress that restarts reaches a client as one step back, with a higher revision", async () => {
  const { database, owner, user } = await filesOfUser({ setUp: setUpLeases });
  await using _database = database;
  await using _owner = owner;
  await using reader = await database.connectAs(user);
  const client = new CatchUpClient(reader);
  const { id, lease } = (await take(owner))!;
  await changed(owner, report, [id, lease, "embedding", 60]);
  await client.catchUp();
  const before = client.files.get(id)!;
  assert.equal(before.progress, 60);

  await owner.query(expireLeases);
  await take(owner);
  await client.catchUp();
  const after = client.files.get(id)!;
  assert.deepEqual([after.status, after.processing_stage, after.progress], ["processing", null, 0]);
  assert.ok(after.revision > before.revision);
});

Deno.test("a file that ends three workers is not taken again, and the guide's sweep fails it", async () => {
  const { database, owner } = await filesOfUser({ setUp: setUpLeases });
  await using _database = database;
  await using _owner = owner;
  for (let attempt = 1; attempt <= 3; attempt++) {
    assert.equal((await take(owner))?.attempts, attempt);
    // The third lease lives: its worker may succeed.
    await owner.query(sweepAttempts);
    assert.deepEqual(await statuses(owner), ["processing"]);
    await owner.query(expireLeases);
  }
  assert.equal(await take(owner), undefined);
  await owner.query(sweepAttempts);
  assert.deepEqual(await statuses(owner), ["failed"]);
});

Deno.test("after the guide's last step users can't set a status themselves", async () => {
  const { database, owner, user } = await filesOfUser({ setUp: sql("Who may write")[0]! });
  await using _database = database;
  await using _owner = owner;
  await using session = await database.connectAs(user);
  const update = session.query("update public.files set status = 'ready'");
  await assert.rejects(update, /permission denied for table files/);
});
