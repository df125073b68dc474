import assert from "node:assert/strict";
import { replaceBlocks } from "../../bench/report/replace_blocks.ts";

const page = (open: string) =>
  `Before.\n\n<!-- bench:begin open -->\n\n${open}\n\n<!-- bench:end -->\n\nAfter.\n`;

Deno.test("replaceBlocks replaces what stands between the markers", () => {
  assert.equal(replaceBlocks(page("old"), new Map([["open", "new $1"]])), page("new $1"));
});

Deno.test("replaceBlocks refuses a page with a block that has no text", () => {
  assert.throws(() => replaceBlocks(page("old"), new Map()), /no text for the block open/);
});

Deno.test("replaceBlocks refuses a text for which the page has no block", () => {
  const blocks = new Map([["open", "new"], ["event", "new"]]);
  assert.throws(() => replaceBlocks(page("old"), blocks), /no block event/);
});
