import assert from "node:assert/strict";
import { DEFAULT_MAPPING } from "../../../../setup/mapping/table_mapping.ts";
import { renderScript } from "../../../../setup/sql/render.ts";
import { call } from "../../call.ts";
import { temporaryProject } from "../../temporary_project.ts";

Deno.test("check prints the SQL for the table that the project streams", async () => {
  await using project = await temporaryProject();
  const flags = ["--table", "documents", "--filename", "title"];
  const added = await call(project, "add", ...flags, "--yes");
  assert.equal(added.code, 0, added.errors);
  const { code, output } = await call(project, "check");
  assert.equal(code, 0);
  const fields = { ...DEFAULT_MAPPING.fields, filename: "title" };
  const mapping = { ...DEFAULT_MAPPING, table: "documents", fields };
  assert.equal(`${output}\n`, await renderScript("check_installation", mapping));
});

Deno.test("check needs an installation", async () => {
  await using project = await temporaryProject();
  const { code, errors } = await call(project, "check");
  assert.equal(code, 1);
  assert.match(errors, /run add to install it\. \(not-installed\)$/);
});
