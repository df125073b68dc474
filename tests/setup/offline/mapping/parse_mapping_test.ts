import assert from "node:assert/strict";
import { parseMapping } from "../../../../setup/mapping/parse_mapping.ts";
import { DEFAULT_MAPPING } from "../../../../setup/mapping/table_mapping.ts";

const refused: readonly [name: string, changes: Record<string, unknown>, message: RegExp][] = [
  ["a key that it does not know", { color: "x" }, /has no "color"/],
  ["a table that is no text", { table: 7 }, /"table" must be a text/],
  ["an empty name", { table: "" }, /"table" must be a text/],
  ["a line break in a name", { table: "a\nb" }, /control characters/],
  ["a line separator in a name", { owner: "a\u2028b" }, /control characters/],
  ["a name with $$", { id: "a$$b" }, /contains \$\$/],
  ["a final status with $$", { finalStatuses: ["a$$b"] }, /contains \$\$/],
  ["a table in our schema", { schema: "file_events", table: "mine" }, /file-events needs/],
  ["the table of tombstones", { table: "file_deletions" }, /file-events needs/],
  ["a name that PostgreSQL would cut", { table: "é".repeat(32) }, /longer than 63 bytes/],
  ["another type of id", { idType: "smallint" }, /"idType" must be one of uuid, bigint/],
  ["a field that there is not", { fields: { title: "title" } }, /no field "title"/],
  ["an extra column named like a field", { extra: ["status"] }, /name of a field of the protocol/],
  ["an extra column named id", { extra: ["id"] }, /name of a field of the protocol/],
  ["an extra column twice", { extra: ["a", "a"] }, /"a" is named twice/],
  ["17 extra columns", { extra: Array.from({ length: 17 }, (_, i) => `c${i}`) }, /16 elements/],
  ["one column for id and owner", { id: "x", owner: "x" }, /"x" is named twice/],
  ["a column of ours that fills a field", { revision: "status" }, /"status" is named twice/],
  ["one name for both of our columns", { revision: "r", changedIn: "r" }, /"r" is named twice/],
  ["final statuses that are no list", { finalStatuses: "ready" }, /must be a list/],
  ["another way of live changes", { live: "fast" }, /"live" must be one of auto, rows, pings/],
];
for (const [name, changes, message] of refused) {
  Deno.test(`parseMapping() refuses ${name}`, () => {
    assert.throws(
      () => parseMapping({ ...DEFAULT_MAPPING, ...changes }),
      { code: "mapping-invalid", message },
    );
  });
}

Deno.test("parseMapping() refuses what is no object", () => {
  for (const value of [null, undefined, "x", [], 7]) {
    assert.throws(() => parseMapping(value), { code: "mapping-invalid" });
  }
});

Deno.test("parseMapping() takes what JSON makes of a mapping", () => {
  const mapping = {
    ...DEFAULT_MAPPING,
    table: 'Order "Items"',
    idType: "bigint",
    fields: { ...DEFAULT_MAPPING.fields, progress: null },
    extra: ["user", "__proto__", "title"],
    live: "pings",
  };
  assert.deepEqual(parseMapping(JSON.parse(JSON.stringify(mapping))), mapping);
});
