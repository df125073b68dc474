import assert from "node:assert/strict";
import { jitter } from "../../supabase/functions/file-events/jitter.ts";

Deno.test("jitter() spreads a delay evenly around itself", () => {
  assert.equal(jitter(1000, () => 0), 700);
  assert.equal(jitter(1000, () => 0.5), 1000);
  assert.equal(jitter(1000, () => 0.999999), 1300);
  assert.equal(jitter(1000, () => 0, { spread: 0.5 }), 500);
});
