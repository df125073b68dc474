import assert from "node:assert/strict";
import { changesSince } from "../../local/postgres/changes_since.ts";
import { openPlanObserver } from "../../local/postgres/catch_up_plan.ts";
import { fillFiles } from "../../local/postgres/fill_files.ts";
import { server } from "../support/test_server.ts";
import { createSupabaseDatabase, createUser } from "../../local/postgres/supabase_database.ts";

const database = await createSupabaseDatabase(server);
const owner = await database.connect();
const user = await createUser(owner);
await fillFiles(owner, user, { own: 5_000, others: 50_000, deletions: 5_000 });
const { session, explain } = await openPlanObserver(database, user);
Deno.test.afterAll(() => database[Symbol.asyncDispose]());

const fileIds = (await owner.query<{ id: string }>(
  "select id from public.files where user_id = $1 order by id limit 100",
  [user],
)).map(({ id }) => id);

const filesIndex = "Index Scan using files_user_id_changed_in_revision_idx on files";
const deletionsIndex =
  "Index Scan using file_deletions_user_id_changed_in_revision_idx on file_deletions";

for (const [what, filter] of [["", null], [" of 100 files", fileIds]] as const) {
  const options = { fileIds: filter && [...filter], snapshot: false };

  Deno.test(`file_changes_since() that finds nothing${what} touches a handful of pages`, async () => {
    const { cursor } = await changesSince(session, null, options);
    const { plan, queryBuffers, callBuffers } = await explain(cursor, options);
    assert.ok(plan.includes(filesIndex), plan);
    assert.ok(plan.includes(deletionsIndex), plan);
    assert.ok(queryBuffers <= 10, `${queryBuffers} buffers`);
    assert.ok(callBuffers <= 50, `${callBuffers} buffers`);
  });
}

Deno.test("file_changes_since() reads a page of a snapshot in index order, and no row beyond it", async () => {
  for (const since of [null, (await changesSince(session, null)).cursor]) {
    const { plan, queryBuffers } = await explain(since);
    assert.ok(plan.includes(filesIndex), plan);
    assert.doesNotMatch(plan, /Seq Scan|Bitmap/);
    // The page is sorted once more in memory, and no row beyond it is read.
    assert.match(plan, /files_user_id_changed_in_revision_idx on files f .*actual rows=501\b/);
    assert.ok(queryBuffers <= 600, `${queryBuffers} buffers for 501 rows`);
  }
});

Deno.test("file_changes_since() finds 100 files by their ids, not among all", async () => {
  const { plan, queryBuffers } = await explain(null, { fileIds });
  assert.match(plan, /files_pkey/);
  assert.doesNotMatch(plan, /Seq Scan/);
  assert.ok(queryBuffers <= 500, `${queryBuffers} buffers`);
});

Deno.test("file_changes_since() reads what a transaction that was running has changed in index order", async () => {
  await using early = await database.connect();
  await early.query("begin");
  await early.query("select pg_current_xact_id()");
  await owner.query("update public.files set progress = 1 where id = $1", [fileIds[0]]);
  const { cursor, covers } = await changesSince(session, null, { snapshot: false });
  assert.equal(covers.length, 2, "the transaction is named");
  await early.query(
    `insert into public.files (user_id, filename, file_type)
    select $1, i, 'pdf' from generate_series(1, 5000) i`,
    [user],
  );
  await early.query("commit");
  const { plan, queryBuffers } = await explain(cursor, { snapshot: false });
  assert.doesNotMatch(plan, /Seq Scan|Bitmap|Sort Key: f_1\./);
  assert.ok(queryBuffers <= 1_200, `${queryBuffers} buffers for 501 rows`);
});

Deno.test("file_changes_since() with pings looks each changed file up by its id, and no other", async () => {
  await owner.query("update file_events.state set live = 'pings'");
  try {
    const { cursor } = await changesSince(session, null, { snapshot: false });
    const nothing = await explain(cursor, { snapshot: false });
    assert.ok(nothing.callBuffers <= 60, `${nothing.callBuffers} buffers`);
    await owner.query(
      "update public.files set progress = 99 where id = any ($1::text::uuid[])",
      [`{${fileIds.join(",")}}`],
    );
    const { plan, callBuffers } = await explain(cursor, { snapshot: false });
    assert.doesNotMatch(plan, /Seq Scan|Bitmap/);
    assert.ok(callBuffers <= 1_200, `${callBuffers} buffers for 100 files`);
  } finally {
    await owner.query("update file_events.state set live = 'rows'");
  }
});
