import assert from "node:assert/strict";
import type { FileState } from "../../demo/page/file_event.ts";
import { newestFirst } from "../../demo/page/newest_first.ts";

const [noon, later] = ["2026-11-23T12:00:00.000Z", "2026-11-23T12:00:00.001Z"];

Deno.test("newestFirst() puts the latest first, and files without a time last, by name", () => {
  assertOrder([
    file("1", "old", later),
    file("2", "new", noon),
    file("3", "a", null),
    file("4", "b", null),
  ]);
});

Deno.test("newestFirst() tells equal times apart by name, then by id", () => {
  assertOrder([
    file("2", null, noon),
    file("3", null, noon),
    file("1", "a", noon),
    file("0", "b", noon),
  ]);
});

/** Whatever order the stream has brought them in. */
function assertOrder(expected: FileState[]): void {
  for (const arrived of permutations(expected)) assert.deepEqual(newestFirst(arrived), expected);
}

function permutations<Item>(items: Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) =>
    permutations(items.toSpliced(i, 1)).map((others) => [item, ...others])
  );
}

function file(id: string, filename: string | null, created_at: string | null): FileState {
  const unknown = { file_type: null, status: null, progress: null, processing_stage: null };
  return { id, filename, created_at, ...unknown, error_message: null, revision: 1 };
}
