import assert from "node:assert/strict";
import { changesSince, isCovered } from "../../local/postgres/changes_since.ts";
import { CatchUpClient } from "./catch_up_client.ts";
import { setStage, type Stage } from "./stage.ts";
import { type Session, waitUntilBlocked } from "../../local/postgres/postgres_session.ts";
import { createUser } from "../../local/postgres/supabase_database.ts";

/** A stage whose client has read the empty snapshot. */
async function setReadStage(): Promise<Stage & { open: () => Promise<Session> }> {
  const stage = await setStage();
  await stage.client.catchUp();
  return { ...stage, open: () => stage.database.connect() };
}

async function addFile(
  session: Session,
  user: string,
  filename: string,
  id: string = crypto.randomUUID(),
): Promise<string> {
  await session.query(
    "insert into public.files (id, user_id, filename, file_type) values ($1, $2, $3, 'pdf')",
    [id, user, filename],
  );
  return id;
}

/** How the user's files stand, without asking file_changes_since. */
async function truth({ owner, user }: Stage): Promise<Record<string, number>> {
  const rows = await owner.query<{ filename: string; progress: number }>(
    "select filename, progress from public.files where user_id = $1 order by revision",
    [user],
  );
  return Object.fromEntries(rows.map(({ filename, progress }) => [filename, progress]));
}

async function assertRowsOutrankTombstones({ owner }: Stage): Promise<void> {
  const outranked = await owner.query(`
    select f.id from public.files f join public.file_deletions d using (id, user_id)
    where d.revision >= f.revision
  `);
  assert.deepEqual(outranked, []);
}

Deno.test("a change made before and committed after a cursor was taken is not lost", async () => {
  await using stage = await setReadStage();
  const { client, open, owner, user } = stage;
  const [slow, fast] = [await open(), await open()];
  const changed = await addFile(owner, user, "changed");
  const deleted = await addFile(owner, user, "deleted");
  await slow.query("begin");
  await addFile(slow, user, "slow");
  await slow.query("update public.files set progress = 10 where id = $1", [changed]);
  await slow.query("delete from public.files where id = $1", [deleted]);
  await addFile(fast, user, "fast");
  await client.catchUp();
  assert.deepEqual(client.progress, { changed: 0, deleted: 0, fast: 0 });
  const { covers } = await changesSince(await stage.database.connectAs(user), client.cursor);
  await slow.query("commit");
  const [stamp] = await owner.query<{ changed_in: string }>(
    "select changed_in::text from public.files where filename = 'slow'",
  );
  assert.ok(!isCovered(covers, stamp!.changed_in));
  await client.catchUp();
  assert.deepEqual(client.progress, { fast: 0, slow: 0, changed: 10 });
  assert.equal(client.resets, 1);
});

Deno.test("a change is not lost though its transaction took its id long after it began", async () => {
  await using stage = await setReadStage();
  const { client, open, owner, user } = stage;
  const late = await open();
  await late.query("begin");
  await late.query("select 1");
  await addFile(owner, user, "first");
  await client.catchUp();
  await addFile(late, user, "late");
  await client.catchUp();
  await late.query("commit");
  await client.catchUp();
  assert.deepEqual(client.progress, { first: 0, late: 0 });
});

Deno.test("a rolled back transaction leaves no trace", async () => {
  await using stage = await setReadStage();
  const { client, open, owner, user } = stage;
  const id = await addFile(owner, user, "kept");
  const undone = await open();
  await undone.query("begin");
  await addFile(undone, user, "undone");
  await undone.query("update public.files set progress = 99 where id = $1", [id]);
  await undone.query("delete from public.files where id = $1", [id]);
  await client.catchUp();
  await undone.query("rollback");
  await client.catchUp();
  assert.deepEqual(client.progress, { kept: 0 });
  assert.deepEqual(await owner.query("select from public.file_deletions"), []);
});

Deno.test("changes in savepoints carry the transaction's id, undone ones leave no trace", async () => {
  await using stage = await setReadStage();
  const { client, open, owner, user } = stage;
  const id = await addFile(owner, user, "file");
  const session = await open();
  await session.query("begin; savepoint first");
  await session.query("update public.files set progress = 1 where id = $1", [id]);
  await session.query("savepoint second");
  await session.query("delete from public.files where id = $1", [id]);
  await session.query("rollback to second; savepoint third");
  await addFile(session, user, "inner");
  const [{ own, stamped } = { own: "", stamped: "" }] = await session.query<
    { own: string; stamped: string }
  >(`select pg_current_xact_id()::text as own, changed_in::text as stamped
    from public.files where filename = 'inner'`);
  assert.equal(stamped, own);
  await addFile(owner, user, "meanwhile");
  await client.catchUp();
  await session.query("commit");
  await client.catchUp();
  assert.deepEqual(client.progress, { meanwhile: 0, file: 1, inner: 0 });
});

Deno.test("a page's rows and transaction ids come from one snapshot", async () => {
  await using stage = await setReadStage();
  const { client, database, open, owner, user } = stage;
  await addFile(owner, user, "file");
  const writer = await open();
  await using reader = await database.connectAs(user);
  await writer.query("begin; lock table public.files in access exclusive mode");
  // It has its transaction ids, and waits for the lock before it can read rows.
  const reading = changesSince(reader, null);
  await waitUntilBlocked(owner, reader);
  const [update] = await writer.query<{ changed_in: string }>(
    "update public.files set progress = 50 returning changed_in::text",
  );
  await writer.query("commit");
  const page = await reading;
  assert.deepEqual(page.files.map(({ progress }) => progress), [0]);
  assert.ok(!isCovered(page.covers, update!.changed_in));
  client.cursor = page.cursor;
  await client.catchUp();
  assert.deepEqual(client.progress, { file: 50 });
});

const isolationLevels = ["read committed", "repeatable read", "serializable"];

/** Ways in which a row can take the id of another that is being deleted. */
const takers: Record<string, (session: Session, user: string, id: string) => Promise<unknown>> = {
  "an insert": (session, user, id) => addFile(session, user, "new", id),
  "an upsert": (session, user, id) =>
    session.query(
      `insert into public.files (id, user_id, filename, file_type) values ($1, $2, 'new', 'pdf')
      on conflict (id) do update set filename = excluded.filename`,
      [id, user],
    ),
  "a change of id": (session, _user, id) =>
    session.query("update public.files set id = $1, filename = 'new' where filename = 'other'", [
      id,
    ]),
};

for (const isolation of isolationLevels) {
  for (const [taker, take] of Object.entries(takers)) {
    for (const first of ["the delete", "the other"] as const) {
      for (const drawn of ["before", "after"] as const) {
        Deno.test(`${taker} (${isolation}) that waited for a delete, ${first} having written first and its revision drawn ${drawn} the tombstone's, outranks it`, async () => {
          await using stage = await setReadStage();
          const { client, open, owner, user } = stage;
          const id = await addFile(owner, user, "old");
          await addFile(owner, user, "second");
          await addFile(owner, user, "other");
          const [deleting, taking, holding] = [await open(), await open(), await open()];
          await deleting.query("begin");
          await taking.query(`begin isolation level ${isolation}`);
          const early = first === "the delete" ? [deleting, taking] : [taking, deleting];
          for (const session of early) await addFile(session, user, `by ${session.pid}`);

          // Tombstones are written when the whole statement has found its rows. While it waits for
          // the second one, the first is gone already and has none.
          await holding.query(
            "begin; select from public.files where filename = 'second' for update",
          );
          const deleted = deleting.query(
            "delete from public.files where filename in ('old', 'second')",
          );
          await waitUntilBlocked(owner, deleting);
          if (drawn === "after") await Promise.all([holding.query("commit"), deleted]);
          const taken = take(taking, user, id);
          await waitUntilBlocked(owner, taking);
          if (drawn === "before") await Promise.all([holding.query("commit"), deleted]);

          await client.catchUp();
          await addFile(deleting, user, "before the commit");
          await Promise.all([deleting.query("commit"), taken]);
          await client.catchUp();
          await taking.query("update public.files set progress = 5 where filename like 'by %'");
          await taking.query("commit");
          await client.catchUp();

          assert.deepEqual(client.progress, await truth(stage));
          assert.ok("new" in client.progress && !("old" in client.progress));
          await assertRowsOutrankTombstones(stage);
          assert.equal(client.resets, 1);
        });
      }
    }
  }
}

Deno.test("an insert that waited for a delete fails if that is rolled back, and nothing changes", async () => {
  await using stage = await setReadStage();
  const { client, open, owner, user } = stage;
  const id = await addFile(owner, user, "old");
  const [deleting, inserting] = [await open(), await open()];
  await deleting.query("begin");
  await deleting.query("delete from public.files where id = $1", [id]);
  const inserted = assert.rejects(addFile(inserting, user, "new", id), /files_pkey/);
  await waitUntilBlocked(owner, inserting);
  await deleting.query("rollback");
  await inserted;
  await client.catchUp();
  assert.deepEqual(client.progress, { old: 0 });
});

Deno.test("a delete that waited for an update is newer than it", async () => {
  await using stage = await setReadStage();
  const { client, open, owner, user } = stage;
  const id = await addFile(owner, user, "file");
  const [updating, deleting] = [await open(), await open()];
  await updating.query("begin");
  await updating.query("update public.files set progress = 1 where id = $1", [id]);
  const deleted = deleting.query("delete from public.files where id = $1", [id]);
  await waitUntilBlocked(owner, deleting);
  const [{ revision } = { revision: "" }] = await updating.query<{ revision: string }>(
    "update public.files set progress = 2 where id = $1 returning revision::text",
    [id],
  );
  await Promise.all([updating.query("commit"), deleted]);
  const [tombstone] = await owner.query<{ revision: string }>(
    "select revision::text from public.file_deletions",
  );
  assert.ok(BigInt(tombstone!.revision) > BigInt(revision));
  await client.catchUp();
  assert.deepEqual(client.progress, {});
});

Deno.test("updates of one file get revisions in the order of their commits", async () => {
  await using stage = await setReadStage();
  const { client, open, owner, user } = stage;
  const id = await addFile(owner, user, "file");
  const [one, two] = [await open(), await open()];
  await two.query("begin");
  await addFile(two, user, "two");
  await one.query("begin");
  const update = "update public.files set progress = $1 where id = $2 returning revision::text";
  const [first] = await one.query<{ revision: string }>(update, [1, id]);
  const waiting = two.query<{ revision: string }>(update, [2, id]);
  await waitUntilBlocked(owner, two);
  await client.catchUp();
  const [, [second]] = await Promise.all([one.query("commit"), waiting]);
  await client.catchUp();
  await two.query("commit");
  await client.catchUp();
  assert.ok(BigInt(second!.revision) > BigInt(first!.revision));
  assert.equal(client.progress.file, 2);
});

Deno.test("a writer in REPEATABLE READ is found, however old its snapshot", async () => {
  await using stage = await setReadStage();
  const { client, open, owner, user } = stage;
  const id = await addFile(owner, user, "file");
  const writer = await open();
  await writer.query("begin isolation level repeatable read; select 1 from public.files");
  await addFile(owner, user, "later");
  await client.catchUp();
  await writer.query("update public.files set progress = 3 where id = $1", [id]);
  await addFile(writer, user, "old snapshot");
  await client.catchUp();
  await writer.query("commit");
  await client.catchUp();
  assert.deepEqual(client.progress, { later: 0, file: 3, "old snapshot": 0 });
});

Deno.test("a delete in REPEATABLE READ works while pruning is due", async () => {
  await using stage = await setReadStage();
  const { client, open, owner, user } = stage;
  const id = await addFile(owner, user, "file");
  const writer = await open();
  await writer.query("begin isolation level repeatable read; select 1 from public.files");
  await owner.query("update file_events.state set next_prune_at = clock_timestamp()");
  await writer.query("delete from public.files where id = $1", [id]);
  await writer.query("commit");
  await client.catchUp();
  assert.deepEqual(client.progress, {});
});

Deno.test("a reader in REPEATABLE READ gets a cursor of its snapshot", async () => {
  await using stage = await setReadStage();
  const { client, database, owner, user } = stage;
  await using reader = await database.connectAs(user);
  await reader.query("begin isolation level repeatable read; select 1 from public.files");
  await addFile(owner, user, "file");
  const page = await changesSince(reader, null);
  await reader.query("commit");
  assert.deepEqual(page.files, []);
  client.cursor = page.cursor;
  await client.catchUp();
  assert.deepEqual(client.progress, { file: 0 });
});

for (const isolation of isolationLevels) {
  Deno.test(`TRUNCATE (${isolation}) removes every file from the client`, async () => {
    await using stage = await setReadStage();
    const { client, open, owner, user } = stage;
    const truncating = await open();
    await addFile(owner, user, "visible to all");
    await truncating.query(`begin isolation level ${isolation}; select 1 from public.files`);
    await addFile(owner, user, "maybe invisible");
    await client.catchUp();
    await truncating.query("truncate public.files");
    await addFile(truncating, user, "new");
    await truncating.query("commit");
    await client.catchUp();
    assert.deepEqual(client.progress, { new: 0 });
  });
}

Deno.test("a file that changes hands and comes back stays with its owner", async () => {
  await using stage = await setReadStage();
  const { client, database, open, owner, user } = stage;
  const other = await createUser(owner);
  await using otherReader = await database.connectAs(other);
  const otherClient = new CatchUpClient(otherReader);
  const id = await addFile(owner, user, "file");
  await client.catchUp();
  await otherClient.catchUp();
  const [away, back] = [await open(), await open()];
  const give = "update public.files set user_id = $1 where id = $2";
  await back.query("begin");
  await addFile(back, user, "earlier"); // the later change gets the smaller transaction id
  await away.query("begin");
  await away.query(give, [other, id]);
  const returning = back.query(give, [user, id]);
  await waitUntilBlocked(owner, back);
  await Promise.all([away.query("commit"), returning]);
  await client.catchUp();
  await otherClient.catchUp();
  assert.deepEqual(client.progress, {});
  assert.deepEqual(otherClient.progress, { file: 0 });
  await back.query("commit");
  await client.catchUp();
  await otherClient.catchUp();
  assert.deepEqual(client.progress, { earlier: 0, file: 0 });
  assert.deepEqual(otherClient.progress, {});
  await assertRowsOutrankTombstones(stage);
});

Deno.test("changes made between the pages of a snapshot are not lost", async () => {
  await using stage = await setReadStage();
  const { database, open, owner, user } = stage;
  await owner.query(
    `insert into public.files (user_id, filename, file_type)
    select $1, i, 'pdf' from generate_series(1, 1600) i`,
    [user],
  );
  const slow = await open();
  await slow.query("begin");
  await slow.query("update public.files set progress = 1 where filename::int % 100 = 1");
  await using reader = await database.connectAs(user);
  const client = new CatchUpClient(reader);
  const between = [
    () => slow.query("commit"),
    () => owner.query("update public.files set progress = 2 where filename::int % 100 = 2"),
    () => owner.query("delete from public.files where filename::int % 100 = 3"),
    () => addFile(owner, user, "added"),
  ];
  while (await client.readPage()) await between.shift()?.();
  assert.deepEqual(between.length, 1); // four pages, three gaps
  await between.shift()!();
  await client.catchUp();
  assert.deepEqual(client.progress, await truth(stage));
  assert.equal(client.resets, 1);
});

Deno.test("changes made between the pages of a catch-up are not lost", async () => {
  await using stage = await setReadStage();
  const { client, owner, user } = stage;
  await owner.query(
    `insert into public.files (user_id, filename, file_type)
    select $1, i, 'pdf' from generate_series(1, 1200) i`,
    [user],
  );
  await client.catchUp();
  await owner.query("delete from public.files where filename::int <= 700");
  await owner.query("update public.files set progress = 1");
  assert.equal(await client.readPage(), true);
  // One of a deletion that was read, one of a deletion that wasn't, one that is to come.
  const revived = await owner.query<{ id: string }>(`
    (select id from public.file_deletions order by revision limit 1)
    union all (select id from public.file_deletions order by revision desc limit 1)
  `);
  for (const [i, { id }] of revived.entries()) await addFile(owner, user, `revived ${i}`, id);
  await owner.query("delete from public.files where filename = '1200'");
  await client.catchUp();
  await client.catchUp();
  assert.deepEqual(client.progress, await truth(stage));
  assert.equal(client.resets, 1);
});
