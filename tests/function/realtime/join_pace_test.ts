import assert from "node:assert/strict";
import { JoinPace } from "../../../supabase/functions/file-events/realtime/join_pace.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("JoinPace allows 50 joins a second, without a pause", () => {
  const pace = new JoinPace(new FakeClock());
  assert.equal(pace.intervalMs, 20);
  assert.ok(pace.pauseLeftMs <= 0);
});

Deno.test("JoinPace doubles the pause while the server refuses, up to 30 s", async () => {
  const clock = new FakeClock();
  const pace = new JoinPace(clock);
  for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
    pace.slowDown();
    assert.equal(pace.pauseLeftMs, pause * 1_000);
    await clock.advance(pause * 1_000);
    assert.equal(pace.pauseLeftMs, 0);
  }
});

Deno.test("JoinPace begins with 1 s again if more than 30 s have passed since the last pause", async () => {
  const clock = new FakeClock();
  const pace = new JoinPace(clock);
  pace.slowDown();
  await clock.advance(1_000 + 30_000);
  pace.slowDown();
  assert.equal(pace.pauseLeftMs, 2_000);
  await clock.advance(2_000 + 30_001);
  pace.slowDown();
  assert.equal(pace.pauseLeftMs, 1_000);
});

Deno.test("JoinPace ignores refusals during a pause", async () => {
  const clock = new FakeClock();
  const pace = new JoinPace(clock);
  pace.slowDown();
  await clock.advance(999);
  pace.slowDown();
  assert.equal(pace.pauseLeftMs, 1);
  assert.equal(pace.intervalMs, 40);
});

Deno.test("JoinPace doubles the interval with each pause, up to 32 times, until it is reset", async () => {
  const clock = new FakeClock();
  const pace = new JoinPace(clock);
  for (const slowness of [2, 4, 8, 16, 32, 32]) {
    pace.slowDown();
    assert.equal(pace.intervalMs, 20 * slowness);
    await clock.advance(30_000);
  }
  pace.reset();
  assert.equal(pace.intervalMs, 20);
});
