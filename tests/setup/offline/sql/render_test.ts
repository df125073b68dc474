import assert from "node:assert/strict";
import { readMapping } from "../../../../setup/mapping/read_mapping.ts";
import { DEFAULT_MAPPING, type TableMapping } from "../../../../setup/mapping/table_mapping.ts";
import { renderScript } from "../../../../setup/sql/render.ts";

const MAPPING: TableMapping = {
  ...DEFAULT_MAPPING,
  schema: "app",
  table: `50% "o'clock"`,
  id: "Id",
  idType: "bigint",
  owner: "user",
  extra: ["it's"],
  revision: "file_revision",
  changedIn: "file_changed_in",
};

Deno.test("renderScript() writes a migration that readMapping() reads", async () => {
  const sql = await renderScript("file_events", MAPPING);
  assert.deepEqual(readMapping(sql), { version: 1, mapping: MAPPING });
});

Deno.test("renderScript() names no column of the default table for another one", async () => {
  for (const name of ["file_events", "file_events_broadcast", "remove_file_events"] as const) {
    const sql = await renderScript(name, MAPPING);
    // What belongs to file_deletions has these names, and the alias d or no alias.
    assert.deepEqual(sql.match(/\b(?:f|o|n|new|old)\.(?:id|user_id|revision|changed_in)\b/g), null);
    assert.ok(!sql.includes("public.files"), name);
  }
});

Deno.test("renderScript() gives another mapping another key of cursors", async () => {
  const keyOf = async (mapping: TableMapping) => {
    const sql = await renderScript("file_events", mapping);
    return /mapping constant text := '(\w+)'/.exec(sql)![1];
  };
  const { fields } = MAPPING;
  assert.notEqual(
    await keyOf(MAPPING),
    await keyOf({ ...MAPPING, fields: { ...fields, progress: null } }),
  );
});
