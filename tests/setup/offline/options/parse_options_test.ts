import assert from "node:assert/strict";
import { parseAddOptions, parseCommonOptions } from "../../../../setup/options/parse_options.ts";
import { parseTableName } from "../../../../setup/options/table_name.ts";

Deno.test("parseAddOptions() reads a mapping from flags", () => {
  const { choices } = parseAddOptions([
    ...["--table", "app.documents", "--id", "key", "--id-type", "bigint", "--owner=created_by"],
    ...["--filename", "title", "--progress", "none", "--error-message", "why"],
    ...["--extra", "result_url, page_count", "--final", "done,error", "--live", "pings"],
    ...["--revision", "rev", "--changed-in", "tx"],
  ]);
  assert.deepEqual(choices, {
    schema: "app",
    table: "documents",
    id: "key",
    idType: "bigint",
    owner: "created_by",
    fields: { filename: "title", progress: null, error_message: "why" },
    extra: ["result_url", "page_count"],
    finalStatuses: ["done", "error"],
    live: "pings",
    revision: "rev",
    changedIn: "tx",
  });
});

Deno.test("parseAddOptions() leaves open what no flag says", () => {
  assert.deepEqual(parseAddOptions(["-y", "--dry-run", "--project", "a", "--database-url", "b"]), {
    project: "a",
    databaseUrl: "b",
    yes: true,
    dryRun: true,
    newTable: false,
    choices: { fields: {} },
  });
});

Deno.test("parseAddOptions() takes none for a list without elements", () => {
  assert.deepEqual(parseAddOptions(["--extra", "none", "--final", ""]).choices, {
    fields: {},
    extra: [],
    finalStatuses: [],
  });
});

const REFUSED: [args: string[], code: string, message: RegExp][] = [
  [["--colour", "x"], "unknown-flag", /--colour/],
  [["--table"], "unknown-flag", /--table/],
  [["documents"], "unknown-flag", /a word that belongs to no flag/],
  [["--yes=1"], "unknown-flag", /--yes/],
  [["--id-type", "int"], "flag-value", /--id-type must be one of uuid, bigint, integer, text/],
  [["--live", "fast"], "flag-value", /--live must be one of auto, rows, pings/],
  [["--table", "a.b.c"], "table-name", /"a\.b\.c"/],
];

for (const [args, code, message] of REFUSED) {
  Deno.test(`parseAddOptions() refuses ${args.join(" ")}`, () => {
    assert.throws(() => parseAddOptions(args), { code, message });
  });
}

Deno.test("parseCommonOptions() refuses flags of add", () => {
  assert.throws(() => parseCommonOptions(["--table", "x"]), { code: "unknown-flag" });
});

const NAMES: [text: string, schema: string, table: string][] = [
  ["documents", "public", "documents"],
  ["app.documents", "app", "documents"],
  ["Order Items", "public", "Order Items"],
  ['"Order Items"', "public", "Order Items"],
  ['"a.b"."c""d"', "a.b", 'c"d'],
  ['app."x.y"', "app", "x.y"],
];

for (const [text, schema, table] of NAMES) {
  Deno.test(`parseTableName() reads ${text}`, () => {
    assert.deepEqual(parseTableName(text), { schema, table });
  });
}

for (const text of ["", ".", "a.", ".a", 'a"b', '"a', '"a"b']) {
  Deno.test(`parseTableName() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseTableName(text), { code: "table-name" });
  });
}
