import assert from "node:assert/strict";
import { fileName } from "../../lint/file_name.ts";
import { runRule } from "./run_rule.ts";

const messagesFor = (path: string) => runRule(fileName, path, "export {};");

for (const path of ["local/demoPage.ts", "local/demo-page.ts", "local/Demo.ts", "local/_demo.ts"]) {
  Deno.test(`file-name asks for snake_case instead of ${path}`, () => {
    assert.deepEqual(messagesFor(path), [
      "Name the file in snake_case, after what it exports.",
    ]);
  });
}

for (
  const [path, drawer] of [
    ["local/utils.ts", "utils"],
    ["tests/browser/test_helpers.ts", "test_helpers"],
    ["local/common/clock.ts", "common"],
    ["demo/page/types.ts", "types"],
  ] as const
) {
  Deno.test(`file-name refuses the drawer ${path}`, () => {
    assert.deepEqual(messagesFor(path), [
      `"${drawer}" does not say what is inside. Name it after its one idea.`,
    ]);
  });
}

for (
  const path of [
    "supabase/functions/file-events/log.ts",
    "local/sha256.ts",
    "a/util_log.ts",
    "a/program.mjs",
  ]
) {
  Deno.test(`file-name accepts ${path}`, () => assert.deepEqual(messagesFor(path), []));
}

Deno.test("file-name reads absolute paths from the repository's root", () => {
  const root = new URL("../../", import.meta.url).pathname;
  assert.deepEqual(messagesFor(`${root}local/stack.ts`), []);
  assert.equal(messagesFor(`${root}local/utils.ts`).length, 1);
});
