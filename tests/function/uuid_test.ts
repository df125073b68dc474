import assert from "node:assert/strict";
import { isUuid } from "../../supabase/functions/file-events/uuid.ts";

Deno.test("isUuid() knows a UUID in either case", () => {
  assert.ok(isUuid("aaaaaaaa-AAAA-4aaa-8aaa-0123456789ab"));
});

Deno.test("isUuid() refuses anything else", () => {
  const id = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
  for (
    const value of [null, undefined, 1, "", ` ${id}`, `${id}\n`, id.slice(1), `g${id.slice(1)}`]
  ) {
    assert.equal(isUuid(value), false, JSON.stringify(value));
  }
});
