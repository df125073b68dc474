import assert from "node:assert/strict";
import { renderTables } from "../../bench/report/tables.ts";

const sample = (round: number, contender: string, queriesPerStreamMinute: number) => ({
  measurement: "idle",
  variant: "",
  round,
  contender,
  values: { queriesPerStreamMinute },
});

Deno.test("renderTables shows the median and the range of the rounds", () => {
  const samples = [3, 1, 2].map((value, round) => sample(round, "bare", value));
  assert.match(renderTables(samples).get("idle")!, /\| bare Deno\.serve \| 2\.0 \(1\.0–3\.0\) \|/);
});

Deno.test("renderTables shows no range of a single round", () => {
  assert.match(renderTables([sample(0, "bare", 2)]).get("idle")!, /\| 2\.0 \|/);
});

Deno.test("renderTables leaves out contenders and tables without figures", () => {
  const tables = renderTables([sample(0, "bare", 2)]);
  assert.deepEqual([...tables.keys()], ["idle"]);
  assert.doesNotMatch(tables.get("idle")!, /hono/);
});
