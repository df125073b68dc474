import assert from "node:assert/strict";
import { call } from "../../call.ts";
import { temporaryProject } from "../../temporary_project.ts";

const FUNCTION = "supabase/functions/file-events";

function withoutMigrations(files: Record<string, string>) {
  return Object.entries(files).filter(([path]) => !path.includes("/migrations/")).sort();
}

const CONFIGS = [
  'project_id = "mine"\n',
  'project_id = "mine"\r\n\r\n[api]\r\nport = 1',
  "[functions.file-events]\nverify_jwt = true # why\n",
  "[functions]\nhello = { verify_jwt = false }\n",
];

for (const config of CONFIGS) {
  Deno.test(`remove leaves ${JSON.stringify(config)} as it was before add`, async () => {
    await using project = await temporaryProject({ "supabase/config.toml": config });
    const before = await project.files();
    await call(project, "add", "--table", "documents", "--yes");
    await call(project, "add", "--extra", "page_count", "--yes");
    assert.equal((await call(project, "remove", "--yes")).code, 0);
    assert.deepEqual(withoutMigrations(await project.files()), withoutMigrations(before));
  });
}

Deno.test("remove deletes a config.toml that add has made", async () => {
  await using project = await temporaryProject({ "supabase/seed.sql": "" });
  await call(project, "add", "--table", "documents", "--yes");
  await call(project, "remove", "--yes");
  assert.deepEqual(withoutMigrations(await project.files()), [["supabase/seed.sql", ""]]);
});

Deno.test("remove writes one migration after ours and leaves those as they are", async () => {
  await using project = await temporaryProject();
  await call(project, "add", "--table", "documents", "--yes");
  const before = await project.files();
  const { output } = await call(project, "remove", "--yes");
  const after = await project.files();
  const migrations = Object.keys(after).filter((path) => path.includes("/migrations/")).sort();
  assert.equal(migrations.length, 3);
  assert.match(migrations[2]!, /\/\d{14}_remove_file_events\.sql$/);
  for (const path of migrations.slice(0, 2)) assert.equal(after[path], before[path]);
  assert.match(output, /functions delete file-events[^]*supabase db push/);
});

Deno.test("remove keeps a file of the user's own, and names it", async () => {
  await using project = await temporaryProject();
  await call(project, "add", "--table", "documents", "--yes");
  await project.write(`${FUNCTION}/notes.md`, "mine");
  const { output } = await call(project, "remove", "--yes");
  assert.match(output, /notes\.md is not a file of file-events: it stays/);
  const left = Object.keys(await project.files()).filter((path) => path.startsWith(FUNCTION));
  assert.deepEqual(left, [`${FUNCTION}/notes.md`]);
});

Deno.test("remove says that it deletes a file that somebody has changed", async () => {
  await using project = await temporaryProject();
  await call(project, "add", "--table", "documents", "--yes");
  await project.write(`${FUNCTION}/jitter.ts`, "// mine\n");
  const { code, output } = await call(project, "remove");
  assert.equal(code, 1);
  assert.match(output, /jitter\.ts is not as file-events installed it: its changes will be lost/);
});

Deno.test("remove has nothing to do where nothing is, and after a removal", async () => {
  await using project = await temporaryProject();
  assert.match((await call(project, "remove")).output, /Nothing to do/);
  await call(project, "add", "--new-table", "--yes");
  await call(project, "remove", "--yes");
  assert.match((await call(project, "remove")).output, /Nothing to do/);
});

Deno.test("remove writes nothing with --dry-run, nor where nobody can be asked", async () => {
  await using project = await temporaryProject();
  await call(project, "add", "--new-table", "--yes");
  const before = await project.files();
  assert.equal((await call(project, "remove", "--dry-run")).code, 0);
  assert.match((await call(project, "remove")).errors, /not-confirmed/);
  assert.deepEqual(await project.files(), before);
});

Deno.test("add installs anew after a removal, with later migrations", async () => {
  await using project = await temporaryProject();
  await call(project, "add", "--table", "documents", "--yes");
  await call(project, "remove", "--yes");
  assert.equal((await call(project, "add", "--table", "uploads", "--yes")).code, 0);
  const migrations = Object.keys(await project.files()).filter((path) =>
    path.includes("/migrations/")
  );
  assert.deepEqual(migrations.sort().map((path) => path.replace(/^.*\/\d{14}_/, "")), [
    "file_events.sql",
    "file_events_broadcast.sql",
    "remove_file_events.sql",
    "file_events.sql",
    "file_events_broadcast.sql",
  ]);
});
