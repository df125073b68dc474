import assert from "node:assert/strict";
import { changesSince } from "../../local/postgres/changes_since.ts";
import { addFiles, setStage } from "./stage.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";

/** Makes the recorded transaction id a day old and pruning due. */
async function letADayPass(owner: Session): Promise<void> {
  await owner.query(`
    update file_events.state set
      recorded_at = recorded_at - interval '1 day', next_prune_at = clock_timestamp()
  `);
}

async function prune(owner: Session): Promise<number> {
  const [row] = await owner.query<{ pruned: number }>("select file_events.prune() as pruned");
  return row!.pruned;
}

async function prunedBelow(owner: Session): Promise<string> {
  const [row] = await owner.query<{ xid: string }>(
    "select pruned_below::text as xid from file_events.state",
  );
  return row!.xid;
}

async function countTombstones(owner: Session): Promise<number> {
  const [row] = await owner.query<{ count: number }>(
    "select count(*)::integer from public.file_deletions",
  );
  return row!.count;
}

Deno.test("prune() keeps tombstones for a day after their transaction id was passed", async () => {
  await using stage = await setStage();
  const { owner, user } = stage;
  await addFiles(owner, user, 3);
  await owner.query("delete from public.files");
  await letADayPass(owner); // records an id above the tombstones
  assert.equal(await prune(owner), 0);
  assert.equal(await countTombstones(owner), 3);
  await letADayPass(owner);
  assert.equal(await prune(owner), 3);
  assert.equal(await countTombstones(owner), 0);
});

Deno.test("a cursor below what was pruned resets, a later one continues", async () => {
  await using stage = await setStage();
  const { owner, user, client, reader } = stage;
  const [a, b] = await addFiles(owner, user, 2);
  await client.catchUp();
  const old = client.cursor;
  await owner.query("delete from public.files where id = $1", [a!.id]);
  await letADayPass(owner);
  await prune(owner);
  assert.equal((await changesSince(reader, old)).reset, false);
  await client.catchUp();
  await owner.query("delete from public.files where id = $1", [b!.id]);
  await letADayPass(owner);
  assert.equal(await prune(owner), 1);
  assert.equal((await changesSince(reader, old)).reset, true);
  await client.catchUp();
  assert.equal(client.resets, 1);
  assert.equal(client.files.size, 0);
});

Deno.test("a delete that commits after days of pruning still reaches a client that follows", async () => {
  await using stage = await setStage();
  const { database, owner, user, client } = stage;
  const [slowFile] = await addFiles(owner, user, 3);
  await prune(owner); // else the slow delete does it, and nobody can while it stays open
  await using slow = await database.connect();
  await slow.query("begin");
  await slow.query("delete from public.files where id = $1", [slowFile!.id]);
  for (let day = 0; day < 3; day++) {
    await client.catchUp();
    await letADayPass(owner);
    await prune(owner);
  }
  await slow.query("commit");
  // Its transaction id is old by now, but was never below a recorded one.
  await letADayPass(owner);
  await prune(owner);
  assert.equal(await countTombstones(owner), 1);
  await client.catchUp();
  assert.equal(client.files.has(slowFile!.id), false);
  assert.equal(client.files.size, 2);
  assert.equal(client.resets, 1);
});

Deno.test("an unfinished snapshot resets once deletions that it needs are pruned", async () => {
  await using stage = await setStage();
  const { owner, user, client } = stage;
  await addFiles(owner, user, 1200);
  await client.readPage();
  await owner.query("delete from public.files where filename in ('1', '1200')");
  await letADayPass(owner);
  await prune(owner);
  assert.equal(await client.readPage(), true);
  assert.equal(client.resets, 1);
  await letADayPass(owner);
  await prune(owner);
  await client.catchUp();
  assert.equal(client.resets, 2);
  assert.equal(client.files.size, 1198);
  assert.ok(!Object.hasOwn(client.progress, "1"));
});

Deno.test("an unfinished catch-up resets once deletions that it needs are pruned", async () => {
  await using stage = await setStage();
  const { owner, user, client } = stage;
  await addFiles(owner, user, 1200);
  await client.catchUp();
  await owner.query("delete from public.files where filename::integer <= 1100");
  await letADayPass(owner);
  await prune(owner); // records an id that the run, not yet begun, will have in its middle
  assert.equal(await client.readPage(), true);
  assert.equal(client.resets, 1);
  await letADayPass(owner);
  await prune(owner);
  await client.catchUp();
  assert.equal(client.resets, 2);
  assert.equal(client.files.size, 100);
});

Deno.test("prune() goes in steps of 5,000, a minute apart while there are more", async () => {
  await using stage = await setStage();
  const { owner, user } = stage;
  await addFiles(owner, user, 11_000);
  await owner.query("delete from public.files");
  await letADayPass(owner);
  await prune(owner);
  await letADayPass(owner);
  const due = async () => {
    const [row] = await owner.query<{ minutes: number }>(`
      select round(extract(epoch from next_prune_at - clock_timestamp()) / 60)::integer as minutes
      from file_events.state
    `);
    await owner.query("update file_events.state set next_prune_at = clock_timestamp()");
    return row!.minutes;
  };
  assert.deepEqual([await prune(owner), await due()], [5000, 1]);
  assert.deepEqual([await prune(owner), await due()], [5000, 1]);
  assert.deepEqual([await prune(owner), await due()], [1000, 60]);
});

Deno.test("prune() runs with a delete when it is due, and not before an hour has passed", async () => {
  await using stage = await setStage();
  const { owner, user } = stage;
  await addFiles(owner, user, 4);
  const deleteOne = () =>
    owner.query(
      "delete from public.files where id = (select id from public.files order by revision limit 1)",
    );
  const makePrunable = () =>
    owner.query(`
      update file_events.state set
        recorded_at = clock_timestamp() - interval '1 day',
        recorded_xmin = pg_snapshot_xmin(pg_current_snapshot())
    `);
  await deleteOne();
  await makePrunable();
  await deleteOne();
  assert.equal(await countTombstones(owner), 2);
  await owner.query("update file_events.state set next_prune_at = clock_timestamp()");
  await deleteOne();
  assert.equal(await countTombstones(owner), 2);
  await makePrunable();
  await deleteOne();
  assert.equal(await countTombstones(owner), 3);
});

Deno.test("concurrent deletes prune once, and neither waits for the other", async () => {
  await using stage = await setStage();
  const { database, owner, user } = stage;
  const [a, b, c] = await addFiles(owner, user, 3);
  await owner.query("delete from public.files where id = $1", [a!.id]);
  await letADayPass(owner);
  await prune(owner);
  await letADayPass(owner);
  const before = await prunedBelow(owner);
  await using one = await database.connect();
  await using two = await database.connect();
  await one.query("begin");
  await one.query("delete from public.files where id = $1", [b!.id]);
  await two.query("set lock_timeout = '1s'");
  await two.query("delete from public.files where id = $1", [c!.id]);
  assert.equal(await prunedBelow(owner), before);
  assert.equal(await countTombstones(owner), 2); // those of a and c
  await one.query("commit");
  assert.equal(await countTombstones(owner), 2); // those of b and c
  assert.ok(BigInt(await prunedBelow(owner)) > BigInt(before));
});

Deno.test("prune() that is rolled back takes nothing and moves nothing", async () => {
  await using stage = await setStage();
  const { owner, user, client } = stage;
  await addFiles(owner, user, 2);
  await client.catchUp();
  await owner.query("delete from public.files");
  await letADayPass(owner);
  await prune(owner);
  await letADayPass(owner);
  await owner.query("begin");
  assert.equal(await prune(owner), 2);
  await owner.query("rollback");
  await client.catchUp();
  assert.equal(client.resets, 1);
  assert.equal(client.files.size, 0);
});
