import assert from "node:assert/strict";
import { changesSince } from "../../local/postgres/changes_since.ts";
import { guideSql } from "../support/guide_sql.ts";
import { setStage } from "./stage.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";

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

/** A stage whose user has `count` files, the oldest first, in a database with `setUp` in it. */
async function stageWithFiles({ count = 1, setUp = "" } = {}) {
  const stage = await setStage({ setUp });
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const [file] = await stage.owner.query<{ id: string }>(
      `insert into public.files (user_id, filename, file_type) values ($1, $2, 'text/plain')
       returning id`,
      [stage.user, `${i}.txt`],
    );
    ids.push(file!.id);
  }
  return { ...stage, ids };
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
  await using stage = await stageWithFiles();
  const { owner, ids: [id] } = stage;
  const [write] = sql("What to write, and how often");
  assert.equal(await changed(owner, write!, [id]), 1);
  await owner.query("update public.files set status = 'failed'");
  assert.equal(await changed(owner, write!, [id]), 0);
  assert.deepEqual(await statuses(owner), ["failed"]);
});

Deno.test("the guide's sweep fails what nobody has updated for five minutes, and nothing else", async () => {
  await using stage = await stageWithFiles({ count: 3 });
  const { owner } = stage;
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
  await using stage = await stageWithFiles();
  const { owner, reader } = stage;
  await owner.query("update public.files set status = 'processing'");
  const { cursor } = await changesSince(reader, null);
  await lastUpdated(owner, "6 minutes");
  await owner.query("update public.files set progress = progress");
  await owner.query(sql("A sweep of stale rows")[0]!);
  assert.deepEqual(await statuses(owner), ["processing"]);
  assert.deepEqual((await changesSince(reader, cursor)).files, []);
});

Deno.test("the guide's take_file() gives two workers two files, the oldest first", async () => {
  await using stage = await stageWithFiles({ count: 2, setUp: setUpLeases });
  const { database, owner, ids } = stage;
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
  await using stage = await stageWithFiles({ setUp: setUpLeases });
  const { reader: session } = stage;
  await assert.rejects(take(session), /permission denied for function take_file/);
  await session.query("reset role");
  await session.query("set role service_role");
  assert.ok(await take(session));
});

Deno.test("a worker that has lost its lease can write nothing more", async () => {
  await using stage = await stageWithFiles({ setUp: setUpLeases });
  const { owner } = stage;
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
  await using stage = await stageWithFiles({ setUp: setUpLeases });
  const { owner, reader } = stage;
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
  await using stage = await stageWithFiles({ setUp: setUpLeases });
  const { owner, client } = stage;
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
  await using stage = await stageWithFiles({ setUp: setUpLeases });
  const { owner } = stage;
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
  await using stage = await stageWithFiles({ setUp: sql("Who may write")[0]! });
  const { reader: session } = stage;
  const update = session.query("update public.files set status = 'ready'");
  await assert.rejects(update, /permission denied for table files/);
});
