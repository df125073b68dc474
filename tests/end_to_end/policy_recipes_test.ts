import assert from "node:assert/strict";
import { guideSql } from "../support/guide_sql.ts";
import { isDeletion, isType, isUpdate } from "../support/event_predicates.ts";
import { runScenarios, type Scenario } from "./scenario.ts";
import { startStackWith } from "./start_stack_with.ts";
import { check } from "../support/test_user.ts";

// A file that is done gives no reason to catch up early.
const done = { status: "ready", progress: 100 };

Deno.test("the recipe for soft delete: a file goes from an open stream, and comes back", async (t) => {
  await using stack = await startStackWith(guideSql("Soft delete")[0]!);
  const scenario: Scenario = {
    name: "file-deleted at delete_file, file-update at undelete_file",
    async run(stage) {
      const user = await stage.user();
      const id = await user.insert(done);
      const stream = await stage.open(user);
      const before = await stream.next(isUpdate(id), "the file");
      await stream.next(isType("ready"), "ready");

      check(await user.supabase.rpc("delete_file", { file_id: id }));
      await stream.next(isDeletion(id), "its deletion");
      const fresh = await stage.ready(user);
      assert.ok(!fresh.events.some(({ file }) => file?.id === id));

      check(await user.supabase.rpc("undelete_file", { file_id: id }));
      for (const viewer of [stream, fresh]) {
        const { file } = await viewer.next(isUpdate(id), "the file again");
        assert.ok(file!.revision > before.file!.revision);
        assert.deepEqual({ ...file, revision: 0 }, { ...before.file, revision: 0 });
      }
    },
  };
  await runScenarios(t, { scenarios: [scenario], target: stack });
});

Deno.test("what a policy begins to show reaches an open stream with its new revision", async (t) => {
  await using stack = await startStackWith(`
    alter table public.files add column quarantined boolean not null default true;
    create policy "Not in quarantine" on public.files as restrictive for select to authenticated
      using (not quarantined);
  `);
  const release = guideSql("What a policy begins to hide or to show")
    .find((sql) => sql.includes("<id>"))!;
  const scenario: Scenario = {
    name: "file-update at the release",
    async run(stage) {
      const user = await stage.user();
      const id = crypto.randomUUID();
      await stack.database.query(
        `insert into public.files (id, user_id, filename, file_type, status, progress)
        values ($1, $2, 'a.pdf', 'application/pdf', 'ready', 100)`,
        [id, user.id],
      );
      const stream = await stage.ready(user);
      assert.ok(!stream.events.some(({ file }) => file?.id === id));
      // A young stream catches up soon after its start: only the second release proves a broadcast.
      for (const which of ["first", "second"]) {
        await stack.database.query("update public.files set quarantined = true where id = $1", [
          id,
        ]);
        await stack.database.query(release.replace("'<id>'", "$1"), [id]);
        await stream.next(isUpdate(id), `the file at its ${which} release`);
      }
    },
  };
  await runScenarios(t, { scenarios: [scenario], target: stack });
});
