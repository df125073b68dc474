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

const [adopt, members, again] = guideSql("What a policy begins to hide or to show");
const [choosePings] = guideSql("Policies");

Deno.test("a file that a policy shows after `set revision = null` is returned and sent", async () => {
  await using stage = await stageWithFile(`
    create table public.open_files (id uuid primary key);
    grant select on public.open_files to authenticated;
    create policy "Open files only" on public.files as restrictive for select
      using (exists (select from public.open_files o where o.id = files.id));
  `);
  const { owner, id, client } = stage;
  await client.catchUp();
  assert.equal(client.files.size, 0);
  await owner.query("insert into public.open_files values ($1)", [id]);
  await client.catchUp();
  assert.equal(client.files.size, 0);
  await owner.query(again!.replace("<id>", id));
  await client.catchUp();
  assert.deepEqual([[...client.files.keys()], client.resets], [[id], 1]);
  assert.deepEqual(await operations(owner), ["update", "update"]); // Inserted, sent again.
});

Deno.test("a file that a policy hides and shows by a column goes and comes, with pings", async () => {
  await using stage = await stageWithFile(`
    alter table public.files add column deleted_at timestamptz;
    alter policy "Owners read their files" on public.files
      using (user_id = (select auth.uid()) and deleted_at is null);
    ${adopt} ${choosePings}
  `);
  const { owner, id, client } = stage;
  await client.catchUp();
  await owner.query("update public.files set deleted_at = now()");
  await client.catchUp();
  assert.equal(client.files.size, 0);
  await owner.query("update public.files set deleted_at = null");
  await client.catchUp();
  assert.deepEqual([[...client.files.keys()], client.resets], [[id], 1]);
  assert.deepEqual(await operations(owner), [null, null, null]);
});

/** The files of projects that their owners are members of. */
const memberships = `
  create table public.memberships (user_id uuid, project_id integer);
  grant select on public.memberships to authenticated;
  alter table public.files add column project_id integer default 1;
  create policy "Members" on public.files as restrictive for select using (
    exists (select from public.memberships m
      where m.project_id = files.project_id and m.user_id = (select auth.uid()))
  );
  ${adopt} ${choosePings} ${members}
`;

Deno.test("the recipe for memberships: a file comes with the membership, and goes with it", async () => {
  await using stage = await stageWithFile(memberships);
  const { owner, user, id, client, database } = stage;
  await client.catchUp();
  assert.equal(client.files.size, 0);
  const other = await createUser(owner);
  await using otherReader = await database.connectAs(other);
  const { cursor } = await changesSince(otherReader, null);
  await owner.query("delete from realtime.messages");
  for (
    const [write, files] of [
      [`insert into public.memberships values ('${user}', 1), ('${user}', 2)`, 1],
      ["update public.memberships set project_id = 3 where project_id = 1", 0],
      ["update public.memberships set project_id = 1 where project_id = 3", 1],
      ["delete from public.memberships", 0],
    ] as const
  ) {
    await owner.query(write);
    await client.catchUp();
    assert.equal(client.files.size, files, write);
    const messages = await owner.query<{ topic: string; event: string }>(
      "delete from realtime.messages returning topic, event",
    );
    assert.deepEqual(messages.map(({ topic, event }) => [topic, event]), [
      [`files:${user}`, "ping"],
    ]);
  }
  assert.equal(client.resets, 5);
  assert.equal((await changesSince(otherReader, cursor)).reset, false);
  // A file that moves to another project draws a revision.
  await owner.query(`insert into public.memberships values ('${user}', 2)`);
  await client.catchUp();
  await owner.query("update public.files set project_id = 2 where true");
  await client.catchUp();
  assert.deepEqual([[...client.files.keys()], client.resets], [[id], 6]);
});

Deno.test("the recipe for memberships: whoever writes memberships may, and after the removal too", async () => {
  await using stage = await stageWithFile(memberships);
  const { owner, user, client } = stage;
  await client.catchUp();
  await owner.query(`
    grant insert on public.memberships to service_role;
    set role service_role; insert into public.memberships values ('${user}', 1); reset role;
  `);
  await client.catchUp();
  assert.equal(client.files.size, 1);
  await owner.query(await readSql("scripts/remove_file_events.sql"));
  await owner.query("delete from public.memberships");
});
