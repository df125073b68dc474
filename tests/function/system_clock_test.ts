import assert from "node:assert/strict";
import { systemClock } from "../../supabase/functions/file-events/system_clock.ts";

Deno.test("systemClock.after() calls back once the time has passed", async () => {
  const before = performance.now();
  await new Promise<void>((resolve) => void systemClock.after(20, resolve));
  assert.ok(performance.now() - before >= 19);
});

Deno.test("systemClock.after() is cancelled by what it returns, twice is harmless", () => {
  const cancel = systemClock.after(60_000, () => assert.fail("cancelled"));
  cancel();
  cancel();
  // Deno's sanitizer fails this test if the timer is left.
});

Deno.test("systemClock.after() does not take a delay beyond 24 days for none at all", async () => {
  for (const ms of [2 ** 31, Infinity]) {
    const cancel = systemClock.after(ms, () => assert.fail(`${ms} ms have not passed`));
    await new Promise((resolve) => setTimeout(resolve, 5));
    cancel();
  }
});
