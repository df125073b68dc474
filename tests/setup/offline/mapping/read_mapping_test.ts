import assert from "node:assert/strict";
import { readMapping } from "../../../../setup/mapping/read_mapping.ts";
import { DEFAULT_MAPPING } from "../../../../setup/mapping/table_mapping.ts";

const MAPPING = JSON.stringify(DEFAULT_MAPPING);

Deno.test("readMapping() finds mapping and version, with either kind of line ends", () => {
  const lines = [
    "-- Something.",
    "-- file-events schema: 7",
    `-- file-events mapping: ${MAPPING}`,
    "",
  ];
  for (const end of ["\n", "\r\n"]) {
    assert.deepEqual(readMapping(lines.join(end)), { version: 7, mapping: DEFAULT_MAPPING });
  }
});

Deno.test("readMapping() finds nothing in another migration", () => {
  assert.equal(readMapping("create table files ();\n-- file-events schema: 1\n"), undefined);
  assert.equal(readMapping(`-- file-events mapping: ${MAPPING}`), undefined);
});

Deno.test("readMapping() refuses a mapping that was edited badly", () => {
  for (const json of ["{", "{}", MAPPING.replace('"uuid"', '"int"')]) {
    const sql = `-- file-events schema: 1\n-- file-events mapping: ${json}\n`;
    assert.throws(() => readMapping(sql), { code: "mapping-invalid" });
  }
});
