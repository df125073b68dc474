import assert from "node:assert/strict";
import { truncateUtf8 } from "../../../supabase/functions/file-events/rows/truncate_utf8.ts";

Deno.test("truncateUtf8() cuts to the largest whole number of characters", async (t) => {
  const cases: [string, number, string][] = [
    ["", 4, ""],
    ["abcd", 4, "abcd"],
    ["abcde", 4, "abcd"],
    ["éé", 4, "éé"],
    ["ééé", 5, "éé"],
    ["日本", 5, "日"],
    ["🦊", 4, "🦊"],
    ["🦊", 3, ""],
    ["a🦊b", 5, "a🦊"],
    ["a🦊b", 4, "a"],
    ["a\nb\n", 3, "a\nb"],
  ];
  for (const [text, maxBytes, expected] of cases) {
    await t.step(`${JSON.stringify(text)} to ${maxBytes}`, () => {
      assert.equal(truncateUtf8(text, maxBytes), expected);
    });
  }
});

Deno.test("truncateUtf8() cuts a long text to no more bytes than asked", () => {
  const cut = truncateUtf8("🦊é".repeat(20_000), 4096);
  const bytes = new TextEncoder().encode(cut).length;
  assert.ok(bytes <= 4096 && bytes > 4092, `${bytes} bytes`);
  assert.ok(!cut.includes("\uFFFD"));
});
