import assert from "node:assert/strict";
import { readFiles } from "../../lint/read_files.ts";

const WORDS = "lint/words.txt";
const files = await readFiles(/\.(ts|md|sql|html|css|svg|json|toml|txt|yml)$|^run$/);
const words = files.get(WORDS)!.trimEnd().split("\n");

Deno.test("the spell checker's words are in lower case, sorted and each there once", () => {
  assert.deepEqual(words, [...new Set(words.map((word) => word.toLowerCase()))].sort());
});

Deno.test("the spell checker's words are needed, each of them", () => {
  files.delete(WORDS);
  const text = [...files.values()].join("\n").toLowerCase();
  assert.deepEqual(words.filter((word) => !text.includes(word)), []);
});
