import assert from "node:assert/strict";
import { createSparseLog } from "../../supabase/functions/file-events/sparse_log.ts";
import { FakeClock } from "../support/fake_clock.ts";

function createCollectingLog() {
  const lines: unknown[] = [];
  const clock = new FakeClock();
  const log = createSparseLog((...line) => void lines.push(line), clock);
  return { lines, clock, log };
}

Deno.test("createSparseLog() writes a line a minute for what is reported again and again", async () => {
  const { lines, clock, log } = createCollectingLog();
  for (let second = 0; second < 60; second++) {
    log("error", "setup required", { code: "PGRST202", user: second });
    await clock.advance(1_000);
  }
  log("error", "setup required", { code: "PGRST202", user: 60 });
  assert.deepEqual(lines, [
    ["error", "setup required", { code: "PGRST202", user: 0, times: 1 }],
    ["error", "setup required", { code: "PGRST202", user: 60, times: 60 }],
  ]);
});

Deno.test("createSparseLog() holds back no other event and no other code", () => {
  const { lines, log } = createCollectingLog();
  log("warn", "a");
  log("warn", "a");
  log("warn", "a", { code: "1" });
  log("warn", "a", { code: "2" });
  log("warn", "b");
  assert.equal(lines.length, 4);
});

Deno.test("createSparseLog() remembers at most 100 of them", () => {
  const { lines, log } = createCollectingLog();
  for (let round = 0; round < 2; round++) {
    for (let code = 0; code < 1_000; code++) log("warn", "a", { code });
  }
  assert.equal(lines.length, 2_000);
});
