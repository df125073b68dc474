import assert from "node:assert/strict";
import { visibleText } from "../../demo/visible_text.ts";

const cases = {
  "an escape sequence": ["\x1b[2Jgone", "\\u001b[2Jgone"],
  "a bell, a backspace and DEL": ["a\x07\b\x7f", "a\\u0007\\u0008\\u007f"],
  "a C1 control, which is an escape sequence of one character": ["\x9b2J", "\\u009b2J"],
  "line breaks of every kind": ["a\r\nb\u2028c\u2029d", "a\\u000d\\u000ab\\u2028c\\u2029d"],
  "bidi overrides, embeddings, isolates and marks": [
    "\u202egnp.exe\u2066\u200f\u061c",
    "\\u202egnp.exe\\u2066\\u200f\\u061c",
  ],
} as const;

for (const [name, [text, expected]] of Object.entries(cases)) {
  Deno.test(`visibleText() shows ${name}`, () => assert.equal(visibleText(text), expected));
}

Deno.test("visibleText() leaves letters of all scripts and emoji as they are", () => {
  for (const text of ["Zürich.txt", "語.md", "קובץ.pdf", "می‌خواهم", "👩‍💻 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "a\\b"]) {
    assert.equal(visibleText(text), text);
  }
});

Deno.test("visibleText() leaves the meaning of JSON as it is", () => {
  const event = { filename: "\u202ea\x85\x7f" };
  assert.deepEqual(JSON.parse(visibleText(JSON.stringify(event))), event);
});
