import assert from "node:assert/strict";
import { createLog, type LogLevel } from "../../supabase/functions/file-events/log.ts";
import { FakeClock } from "../support/fake_clock.ts";

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

/** Writes lines of a level until no more pass. @returns How many passed. */
function exhaust({ lines, log }: ReturnType<typeof createCollectingLog>, level: LogLevel): number {
  const before = lines.length;
  for (let i = 0; i < 200; i++) log(level, "repeated", { i });
  return lines.length - before;
}

Deno.test("createLog() writes at most 80 lines in 10 s, and then how many it suppressed", async () => {
  const collecting = createCollectingLog();
  const { lines, clock, log } = collecting;
  assert.equal(exhaust(collecting, "error"), 80);
  await clock.advance(9_999);
  log("error", "still too many");
  assert.equal(lines.length, 80);
  await clock.advance(1);
  log("info", "again");
  log("info", "and again");
  assert.deepEqual(lines.slice(80).map(({ line }) => [line.event, line.suppressed]), [
    ["again", 121],
    ["and again", undefined],
  ]);
});

Deno.test("createLog() writes at most 80 lines in any 10 s, wherever they begin", async () => {
  const collecting = createCollectingLog();
  const { lines, clock, log } = collecting;
  const times: number[] = [];
  const logMany = () => {
    const passed = exhaust(collecting, "error");
    times.push(...Array.from({ length: passed }, () => clock.now()));
  };
  log("error", "first");
  times.push(clock.now());
  for (const wait of [9_990, 10, 10, 5_000, 4_980, 10, 9_999, 1]) {
    await clock.advance(wait);
    logMany();
  }
  assert.equal(lines.length, times.length);
  for (const start of times) {
    const inWindow = times.filter((time) => time >= start && time < start + 10_000);
    assert.ok(inWindow.length <= 80, `${inWindow.length} lines in 10 s`);
  }
  assert.ok(lines.length > 200, "the log goes on");
});

Deno.test("createLog() keeps room for warnings, however many streams come and go, and for errors", () => {
  const collecting = createCollectingLog();
  assert.equal(exhaust(collecting, "info"), 50);
  assert.equal(exhaust(collecting, "warn"), 20);
  assert.equal(exhaust(collecting, "error"), 10);
  assert.equal(collecting.lines[50]?.line.suppressed, 150);
});

Deno.test("createLog() goes on when the machine's clock is set back", () => {
  let now = 1_000_000;
  let count = 0;
  const log = createLog(() => count++, { now: () => now });
  for (let i = 0; i < 200; i++) log("error", "failed");
  now = 0;
  log("error", "failed");
  assert.equal(count, 81);
});
