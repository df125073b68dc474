import assert from "node:assert/strict";
import { changesSince } from "../../local/postgres/changes_since.ts";
import { createUser, readSql } from "../../local/postgres/supabase_database.ts";
import { addFiles, setStage } from "./stage.ts";
import { takeMessages } from "./take_messages.ts";

const resync = "select file_events.resync($1)";

Deno.test("resync() makes every cursor of the user unusable, and no other", async () => {
  await using stage = await setStage();
  const { database, owner, user, client, reader } = stage;
  const other = await createUser(owner);
  await using otherReader = await database.connectAs(other);
  await addFiles(owner, user, 2);
  await client.catchUp();
  const foreign = await changesSince(otherReader, null);
  await owner.query(resync, [user]);
  await client.catchUp();
  assert.deepEqual([client.resets, client.files.size], [2, 2]);
  await client.catchUp();
  assert.equal(client.resets, 2);
  assert.equal((await changesSince(otherReader, foreign.cursor)).reset, false);
  assert.deepEqual((await changesSince(reader, client.cursor)).deletions, []);
});

Deno.test("resync() sends the user a ping, once a transaction", async () => {
  await using stage = await setStage();
  const { owner, user } = stage;
  await owner.query(`begin; select file_events.resync('${user}'), file_events.resync('${user}')`);
  const [row] = await owner.query<{ xid: string }>("select pg_current_xact_id()::text as xid");
  await owner.query("commit");
  const messages = await takeMessages(owner);
  assert.deepEqual(
    messages.map((
      { topic, event, payload },
    ) => [topic, event, (payload as { changed_in?: string }).changed_in]),
    [[`files:${user}`, "ping", row!.xid]],
  );
  assert.equal((await owner.query("select from public.file_deletions")).length, 1);
  await owner.query(resync, [user]);
  assert.equal((await owner.query("select from public.file_deletions")).length, 2);
  await owner.query(resync, [null]);
  assert.equal((await owner.query("select from public.file_deletions")).length, 2);
});

Deno.test("resync() in a transaction that was running when the cursor was made counts", async () => {
  await using stage = await setStage();
  const { database, owner, user, client } = stage;
  await addFiles(owner, user, 2);
  await using early = await database.connect();
  await early.query("begin");
  await early.query(resync, [user]);
  await owner.query("update public.files set progress = 1 where filename = '1'");
  await client.catchUp();
  await client.catchUp();
  assert.equal(client.resets, 1);
  await early.query("commit");
  await client.catchUp();
  assert.equal(client.resets, 2);
  await client.catchUp();
  assert.equal(client.resets, 2);
});

Deno.test("resync() while a run of pages is read starts it over", async () => {
  await using stage = await setStage();
  const { owner, user, client } = stage;
  await addFiles(owner, user, 501);
  assert.equal(await client.readPage(), true);
  await owner.query(resync, [user]);
  await client.catchUp();
  assert.deepEqual([client.resets, client.files.size], [2, 501]);
});

Deno.test("what resync() leaves is pruned like a tombstone", async () => {
  await using stage = await setStage();
  const { owner, user } = stage;
  await owner.query(resync, [user]);
  const day =
    "update file_events.state set recorded_at = recorded_at - interval '1 day', next_prune_at = clock_timestamp()";
  for (let days = 0; days < 2; days++) {
    await owner.query(day);
    await owner.query("select file_events.prune()");
  }
  assert.deepEqual(await owner.query("select from public.file_deletions"), []);
});

for (
  const [what, sabotage, isTold] of [
    [
      "realtime.send raises",
      `create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)
      returns void language plpgsql as $$ begin raise exception 'out of order'; end $$`,
      true,
    ],
    ["Realtime is gone", "drop schema realtime cascade", true],
    [
      "the tombstone is refused",
      "alter table public.file_deletions add check (id is not null) not valid",
      true,
    ],
    ["file_deletions is gone", "drop table public.file_deletions", false],
    [
      "all is gone",
      "drop table public.file_deletions; drop table file_events.state; drop sequence file_events.revisions cascade",
      false,
    ],
  ] as const
) {
  Deno.test(`resync() never fails a write, though ${what}`, async () => {
    await using stage = await setStage();
    const { owner, user, client } = stage;
    await client.catchUp();
    await owner.query(sabotage);
    await owner.query(resync, [user]);
    if (!isTold) return;
    await client.catchUp();
    assert.equal(client.resets, 2);
  });
}

Deno.test("resync() is not for clients", async () => {
  await using stage = await setStage();
  await assert.rejects(stage.reader.query(resync, [stage.user]), /permission denied/);
  await stage.owner.query("set role service_role");
  await assert.rejects(stage.owner.query(resync, [stage.user]), /permission denied/);
});

Deno.test("check_installation.sql finds nothing after resync()", async () => {
  await using stage = await setStage();
  await stage.owner.query(resync, [stage.user]);
  assert.deepEqual(await stage.owner.query(await readSql("scripts/check_installation.sql")), []);
});
