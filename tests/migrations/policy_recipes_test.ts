import assert from "node:assert/strict";
import { changesSince } from "../../local/postgres/changes_since.ts";
import { guideSql } from "../support/guide_sql.ts";
import { addFiles, setStage } from "./stage.ts";
import { createUser, readSql } from "../../local/postgres/supabase_database.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";

/** A stage whose user has one file, in a database that `changes` were made to. */
async function stageWithFile(changes: string) {
  const stage = await setStage({ setUp: changes });
  const [file] = await addFiles(stage.owner, stage.user, 1);
  return { ...stage, id: file!.id };
}

const operations = async (owner: Session) =>
  (await owner.query<{ operation: string }>(
    "select payload->>'operation' as operation from realtime.messages order by inserted_at",
  )).map(({ operation }) => operation);

Deno.test("the recipe for soft delete: a file goes for its owner, and comes back", async () => {
  const [setUp, purge] = guideSql("Soft delete");
  await using stage = await stageWithFile(setUp!);
  const { owner, id, reader, client } = stage;
  await client.catchUp();
  const first = client.files.get(id)!;

  await reader.query("select public.delete_file($1)", [id]);
  const { deletions, files, reset } = await changesSince(reader, client.cursor);
  assert.deepEqual([deletions.map((deletion) => deletion.id), files, reset], [[id], [], false]);
  await client.catchUp();
  assert.equal(client.files.size, 0);
  assert.deepEqual((await changesSince(reader, null)).files, []);
  assert.deepEqual(await reader.query("select from public.files"), []);

  // What workers write meanwhile is not streamed, and survives.
  await owner.query("update public.files set progress = 50 where id = $1", [id]);
  await client.catchUp();
  assert.equal(client.files.size, 0);

  await reader.query("select public.undelete_file($1)", [id]);
  await client.catchUp();
  const restored = client.files.get(id)!;
  assert.equal(restored.progress, 50);
  assert.ok(restored.revision > deletions[0]!.revision && restored.revision > first.revision);
  assert.equal(client.resets, 1);
  assert.deepEqual(await operations(owner), ["update", "delete", "update"]);

  // Only what was deleted long ago is removed.
  await reader.query("select public.delete_file($1)", [id]);
  await owner.query(purge!);
  assert.equal((await owner.query("select from public.files")).length, 1);
  await owner.query("set session_replication_role = replica");
  await owner.query("update public.files set updated_at = now() - interval '31 days'");
  await owner.query("reset session_replication_role");
  await owner.query(purge!);
  assert.equal((await owner.query("select from public.files")).length, 0);
});

Deno.test("the recipe for soft delete: only the owner deletes, and undeletes", async () => {
  const [setUp] = guideSql("Soft delete");
  await using stage = await stageWithFile(setUp!);
  const { database, owner, user, id, reader } = stage;
  await using stranger = await database.connectAs(await createUser(owner));
  const has = async () => (await changesSince(reader, null)).files.length === 1;

  await stranger.query("select public.delete_file($1)", [id]);
  assert.ok(await has());
  await reader.query("select public.delete_file($1)", [id]);
  await stranger.query("select public.undelete_file($1)", [id]);
  assert.ok(!await has());
  assert.deepEqual((await changesSince(stranger, null)).files, []);
  await reader.query("select public.undelete_file($1)", [id]);
  assert.ok(await has());
  await assert.rejects(reader.query("delete from public.files"), /permission denied/);
  await assert.rejects(
    reader.query("update public.files set deleted_by = user_id, user_id = null"),
    /row-level security/,
  );
  await stranger.query("reset role; set role anon");
  await assert.rejects(stranger.query("select public.delete_file($1)", [id]), /permission denied/);

  // A deleted user takes their deleted files along.
  await reader.query("select public.delete_file($1)", [id]);
  await owner.query("delete from auth.users where id = $1", [user]);
  assert.deepEqual(await owner.query("select from public.files"), []);
});

Deno.test("check_installation.sql finds nothing in the recipe for soft delete", async () => {
  await using stage = await stageWithFile(guideSql("Soft delete")[0]!);
  const { owner } = stage;
  assert.deepEqual(await owner.query(await readSql("scripts/check_installation.sql")), []);
});

Deno.test("a file that a policy begins to show is returned once it has a new revision", async () => {
  await using stage = await stageWithFile(`
    alter table public.files add column quarantined boolean not null default true;
    create policy "Not in quarantine" on public.files as restrictive for select
      using (not quarantined);
  `);
  const { owner, id, reader, client } = stage;
  await client.catchUp();
  assert.equal(client.files.size, 0);

  const [release] = guideSql("What a policy begins to hide or to show");
  await owner.query(release!.replace("<id>", id));
  await client.catchUp();
  assert.deepEqual([...client.files.keys()], [id]);
  assert.equal(client.resets, 1);
  assert.deepEqual(await operations(owner), ["update", "update"]); // Inserted, released.

  // As the page says: hiding it again takes it from nobody.
  await owner.query("update public.files set quarantined = true");
  await client.catchUp();
  assert.deepEqual([...client.files.keys()], [id]);
  await owner.query("update public.files set quarantined = false");
  assert.deepEqual((await changesSince(reader, client.cursor)).files, []);
});
