import assert from "node:assert/strict";
import { digestOf } from "../../../../setup/function/manifest.ts";
import { call } from "../../call.ts";
import { type TemporaryProject, temporaryProject } from "../../temporary_project.ts";

const FUNCTION = "supabase/functions/file-events";

/** A project in which a version before this one was installed. */
async function olderProject(): Promise<TemporaryProject> {
  const project = await temporaryProject();
  await call(project, "add", "--table", "documents", "--yes");
  for (const [path, text] of Object.entries(await project.files())) {
    if (/\d_file_events\.sql$/.test(path)) await project.write(path, `${text}-- of long ago\n`);
  }
  const manifest = JSON.parse((await project.files())[`${FUNCTION}/installed.json`]!);
  manifest.version = "0.0.1";
  for (const path of ["jitter.ts", "old/gone.ts"]) {
    await project.write(`${FUNCTION}/${path}`, `// ${path} of long ago\n`);
    manifest.files[path] = await digestOf(`// ${path} of long ago\n`);
  }
  await project.write(`${FUNCTION}/installed.json`, JSON.stringify(manifest));
  return project;
}

Deno.test("upgrade writes later migrations and touches none that may have been applied", async () => {
  await using project = await olderProject();
  const before = await project.files();
  assert.equal((await call(project, "upgrade", "--yes")).code, 0);
  const after = await project.files();
  const migrations = Object.keys(after).filter((path) => path.includes("/migrations/")).sort();
  assert.deepEqual(migrations.map((path) => path.replace(/^.*\/\d{14}_/, "")), [
    "file_events.sql",
    "file_events_broadcast.sql",
    "file_events.sql",
    "file_events_broadcast.sql",
  ]);
  for (const path of migrations.slice(0, 2)) assert.equal(after[path], before[path]);
  assert.match(after[migrations[2]!]!, /"table":"documents"/);
});

Deno.test("upgrade replaces the function's files and deletes those that no longer belong", async () => {
  await using project = await olderProject();
  // Git may have changed its line breaks.
  await project.write(`${FUNCTION}/jitter.ts`, "// jitter.ts of long ago\r\n");
  const { output } = await call(project, "upgrade", "--yes");
  assert.doesNotMatch(output, /changes will be lost/);
  const files = await project.files();
  assert.doesNotMatch(files[`${FUNCTION}/jitter.ts`]!, /of long ago/);
  assert.equal(files[`${FUNCTION}/old/gone.ts`], undefined);
  await assert.rejects(Deno.stat(`${project.path}/${FUNCTION}/old`), Deno.errors.NotFound);
});

Deno.test("upgrade writes no migration if only the function has changed", async () => {
  await using project = await temporaryProject();
  await call(project, "add", "--table", "documents", "--yes");
  const before = Object.keys(await project.files());
  await project.write(`${FUNCTION}/jitter.ts`, "// other\n");
  assert.equal((await call(project, "upgrade", "--yes")).code, 0);
  assert.deepEqual(Object.keys(await project.files()).sort(), before.sort());
});

Deno.test("upgrade has nothing to do after an upgrade", async () => {
  await using project = await olderProject();
  await call(project, "upgrade", "--yes");
  assert.match((await call(project, "upgrade")).output, /Nothing to do/);
});

Deno.test("upgrade takes migrations without a mapping for those of public.files", async () => {
  await using project = await temporaryProject({
    "supabase/config.toml": "",
    "supabase/migrations/20260101000000_file_events.sql":
      "create function public.file_changes_since() …\n",
  });
  const { code, output } = await call(project, "upgrade", "--yes");
  assert.equal(code, 0);
  assert.match(output, /column of public\.files/);
});

Deno.test("upgrade refuses a project without an installation, also after a removal", async () => {
  await using project = await temporaryProject();
  assert.match((await call(project, "upgrade")).errors, /run add to install it.*not-installed/);
  await call(project, "add", "--new-table", "--yes");
  await call(project, "remove", "--yes");
  assert.match((await call(project, "upgrade")).errors, /not-installed/);
});
