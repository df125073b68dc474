import assert from "node:assert/strict";
import { logLostValues } from "../../../supabase/functions/file-events/rows/log_lost_values.ts";

Deno.test("logLostValues() logs each row once, and counts the rows", () => {
  const lines: unknown[] = [];
  const report = logLostValues((level, event, fields) => lines.push([level, event, fields]));
  report("a", ["progress"]);
  report("a", ["progress"]);
  report(null, ["id"]);
  assert.deepEqual(lines, [
    ["warn", "values can't be streamed", { file: "a", fields: ["progress"], rows: 1 }],
    ["warn", "values can't be streamed", { file: null, fields: ["id"], rows: 2 }],
  ]);
});

Deno.test("logLostValues() remembers a bounded number of rows", () => {
  let lines = 0;
  const report = logLostValues(() => lines++);
  for (let row = 0; row < 3000; row++) report(`row ${row}`, ["progress"]);
  assert.equal(lines, 1000);
});
