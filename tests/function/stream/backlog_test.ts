import assert from "node:assert/strict";
import { sizeOf } from "../../../supabase/functions/file-events/stream/backlog.ts";
import { deleted, updated } from "../../support/example_change.ts";

Deno.test("sizeOf() counts the texts of a file, those of extra columns included", () => {
  const size = sizeOf(updated({}));
  const text = "x".repeat(1_000);
  assert.equal(sizeOf(updated({ error_message: text })), size + 1_000);
  assert.equal(sizeOf(updated({ extra: { note: text } })), size + 1_000);
  assert.equal(sizeOf(updated({ extra: { pages: 3, done: null } })), size);
  const json = { tags: [text] };
  assert.equal(sizeOf(updated({ extra: { json } })), size + JSON.stringify(json).length);
  assert.ok(sizeOf(deleted({})) < size);
});
