import assert from "node:assert/strict";
import { DEFAULT_MAPPING } from "../../setup/mapping/table_mapping.ts";
import { renderScript } from "../../setup/sql/render.ts";
import { setStage } from "./stage.ts";
import { takeMessages } from "./take_messages.ts";

const JOBS = { ...DEFAULT_MAPPING, table: "jobs" };

Deno.test("two tables can be streamed side by side, under names of their own", async () => {
  await using stage = await setStage({ setUp: "create table public.jobs (like public.files)" });
  const { owner, user, reader } = stage;
  await owner.query(`
    alter table public.jobs drop column revision, drop column changed_in, add primary key (id);
    alter table public.jobs enable row level security;
    create policy "Mine" on public.jobs for select to authenticated using (user_id = auth.uid());
    grant select on public.jobs to authenticated;
  `);
  for (const name of ["file_events", "file_events_broadcast"] as const) {
    await owner.query(await renderScript(name, JOBS, "job"));
  }
  assert.deepEqual(await owner.query(await renderScript("check_installation", JOBS, "job")), []);
  assert.deepEqual(
    await owner.query(await renderScript("check_installation", DEFAULT_MAPPING)),
    [],
  );

  await owner.query(
    `insert into public.jobs (id, user_id, filename, file_type, status, progress, created_at,
      updated_at) values (gen_random_uuid(), $1, 'a job', 'job', 'ready', 0, now(), now())`,
    [user],
  );
  await owner.query(
    "insert into public.files (user_id, filename, file_type) values ($1, 'a file', 'file')",
    [user],
  );
  const namesIn = async (query: string) => {
    const [row] = await reader.query<{ page: { files: { filename: string }[] } }>(
      `select public.${query}() as page`,
    );
    return row!.page.files.map(({ filename }) => filename);
  };
  assert.deepEqual(await namesIn("job_changes_since"), ["a job"]);
  assert.deepEqual(await namesIn("file_changes_since"), ["a file"]);
  assert.deepEqual((await takeMessages(owner)).map(({ topic }) => topic), [
    `jobs:${user}`,
    `files:${user}`,
  ]);

  await owner.query(await renderScript("remove_file_events", JOBS, "job"));
  assert.deepEqual(await namesIn("file_changes_since"), ["a file"]);
  assert.deepEqual(
    await owner.query(await renderScript("check_installation", DEFAULT_MAPPING)),
    [],
  );
  const left = await owner.query("select from pg_namespace where nspname = 'job_events'");
  assert.deepEqual(left, []);
});
