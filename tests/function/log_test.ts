import assert from "node:assert/strict";
import { createLog } from "../../supabase/functions/file-events/log.ts";
import { FakeClock } from "./fake_clock.ts";

function createCollectingLog() {
  const lines: { level: string; line: Record<string, unknown> }[] = [];
  const clock = new FakeClock();
  const log = createLog((level, line) => lines.push({ level, line: JSON.parse(line) }), clock);
  return { lines, clock, log };
}

Deno.test("createLog() writes one line of JSON with time, level and fields", () => {
  const { lines, log } = createCollectingLog();
  log("warn", "catch-up failed", { stream: "s\n1" });
  assert.deepEqual(lines, [{
    level: "warn",
    line: {
      time: "2026-11-23T10:30:00.000Z",
      level: "warn",
      event: "catch-up failed",
      stream: "s\n1",
    },
  }]);
});

Deno.test("createLog() writes at most 80 lines in 10 s, and then how many it suppressed", async () => {
  const { lines, clock, log } = createCollectingLog();
  for (let i = 0; i < 100; i++) log("warn", "failed", { i });
  assert.equal(lines.length, 80);
  await clock.advance(9_999);
  log("warn", "still too many");
  assert.equal(lines.length, 80);
  await clock.advance(1);
  log("info", "again");
  log("info", "and again");
  assert.deepEqual(lines.slice(80).map(({ line }) => [line.event, line.suppressed]), [
    ["again", 21],
    ["and again", undefined],
  ]);
});

Deno.test("createLog() keeps room for warnings whatever number of streams come and go", () => {
  const { lines, log } = createCollectingLog();
  for (let i = 0; i < 100; i++) log("info", "opened", { i });
  assert.equal(lines.length, 50);
  log("warn", "failed");
  assert.deepEqual(lines.slice(50).map(({ line }) => [line.event, line.suppressed]), [
    ["failed", 50],
  ]);
});
