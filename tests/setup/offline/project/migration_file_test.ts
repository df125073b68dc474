import assert from "node:assert/strict";
import { nextVersions, parseMigrationPath } from "../../../../setup/project/migration_file.ts";

const NOW = new Date("2026-11-28T23:59:59.900Z");

const VERSIONS: [name: string, existing: string[], expected: string[]][] = [
  ["an empty folder", [], ["20261128235959", "20261129000000", "20261129000001"]],
  ["older files", ["20260101000000"], ["20261128235959", "20261129000000", "20261129000001"]],
  [
    "a file of this second",
    ["20261128235959"],
    ["20261129000000", "20261129000001", "20261129000002"],
  ],
  [
    "a file of the future",
    ["20991231235958", "20200101000000"],
    ["20991231235959", "21000101000000", "21000101000001"],
  ],
  ["short numbers", ["0001", "2"], ["20261128235959", "20261129000000", "20261129000001"]],
  ["a day", ["20270131"], ["20270131000001", "20270131000002", "20270131000003"]],
  ["no time at all", ["20279999999999"], ["20280000000000", "20280000000001", "20280000000002"]],
  ["15 digits", ["202802012359590"], ["20280201235960", "20280201235961", "20280201235962"]],
];

for (const [name, existing, expected] of VERSIONS) {
  Deno.test(`nextVersions() comes after ${name}`, () => {
    const versions = nextVersions(existing.map((version) => ({ version })), 3, NOW);
    assert.deepEqual(versions, expected);
    for (const version of versions) assert.match(version, /^\d{14}$/);
    assert.deepEqual([...existing, ...versions].sort().slice(-3), expected);
  });
}

Deno.test("nextVersions() refuses where nothing can come after", () => {
  assert.throws(() => nextVersions([{ version: "99999999999999" }], 1, NOW), {
    code: "migrations-full",
    message: /99999999999999/,
  });
});

Deno.test("parseMigrationPath() reads what the CLI takes for a migration", () => {
  assert.deepEqual(parseMigrationPath("20261123000000_files.sql"), {
    version: "20261123000000",
    name: "files",
  });
  for (const path of ["files.sql", "20261123000000_files.sql.bak", "x_files.sql", "1-files.sql"]) {
    assert.equal(parseMigrationPath(path), undefined, path);
  }
});
