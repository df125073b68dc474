import assert from "node:assert/strict";
import { countText } from "../../demo/processing/count_text.ts";

const cases = {
  "a last line without a line feed": ["one\ntwo", { characters: 7, words: 2, lines: 2 }],
  "a last line with a line feed": ["one\ntwo\n", { characters: 8, words: 2, lines: 2 }],
  "CRLF as one line end": ["one\r\ntwo\r\n", { characters: 10, words: 2, lines: 2 }],
  "only white space": [" \n\t", { characters: 3, words: 0, lines: 2 }],
  "code points, not UTF-16 units": ["🚀🚀", { characters: 2, words: 1, lines: 1 }],
  "a byte order mark as a character": ["\ufeffhi", { characters: 3, words: 1, lines: 1 }],
} as const;

for (const [name, [text, expected]] of Object.entries(cases)) {
  Deno.test(`countText() counts ${name}`, async () => {
    assert.deepEqual(await countText(new Blob([text]).stream()), { ...expected, undecodable: 0 });
  });
}

Deno.test("countText() says what it could not decode", async () => {
  const bytes = new Uint8Array([0x61, 0xff, 0xfe, 0x20, 0xf0, 0x9f, 0x9a]);
  const counts = await countText(new Blob([bytes]).stream());
  assert.deepEqual(counts, { characters: 5, words: 2, lines: 1, undecodable: 3 });
});
