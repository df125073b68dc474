import assert from "node:assert/strict";
import { parseWait } from "../../../supabase/functions/file-events/http/parse_wait.ts";

const parse = (query: string) => parseWait(new URLSearchParams(query));

Deno.test("parseWait() reads seconds from 0 to 25, and none is 0", () => {
  assert.deepEqual(["", "wait=0", "wait=1", "wait=25"].map(parse), [0, 0, 1_000, 25_000]);
});

for (const value of ["", "26", "-1", "1.5", "1e1", "100", "25s", " 5"]) {
  Deno.test(`parseWait() refuses '${value}': INVALID_PARAMETER`, () => {
    assert.throws(() => parse(`wait=${value}`), { code: "INVALID_PARAMETER" });
  });
}
