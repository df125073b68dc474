import assert from "node:assert/strict";
import { findMapping } from "../../../../setup/doctor/find_mapping.ts";
import { DEFAULT_MAPPING } from "../../../../setup/mapping/table_mapping.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

Deno.test("findMapping() reads the newest migration that says a mapping", async () => {
  await using folder = await temporaryFolder();
  const migrations = `${folder.path}/supabase/migrations`;
  await Deno.mkdir(migrations, { recursive: true });
  const write = (name: string, text: string) =>
    Deno.writeTextFile(`${migrations}/${name}.sql`, text);
  const rendered = (table: string) =>
    `-- file-events mapping: ${JSON.stringify({ ...DEFAULT_MAPPING, table })}\n` +
    "-- file-events schema: 1\n";
  await write("20261123000100_file_events", rendered("old"));
  await write("20261124000100_file_events", rendered("new"));
  await write("20261125000100_other", "select 1;");
  const { path } = folder;
  assert.equal((await findMapping({ cwd: path, chosen: undefined }))?.table, "new");
});

Deno.test("findMapping() finds nothing where there is no project", async () => {
  await using folder = await temporaryFolder();
  assert.equal(await findMapping({ cwd: folder.path, chosen: undefined }), undefined);
});

Deno.test("findMapping() does not hide that a project's mapping cannot be read", async () => {
  await using folder = await temporaryFolder();
  const migrations = `${folder.path}/supabase/migrations`;
  await Deno.mkdir(migrations, { recursive: true });
  await Deno.writeTextFile(
    `${migrations}/20261123000100_file_events.sql`,
    "-- file-events schema: 1\n-- file-events mapping: {\n",
  );
  await assert.rejects(findMapping({ cwd: folder.path, chosen: undefined }), {
    code: "mapping-invalid",
  });
});
