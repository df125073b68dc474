import assert from "node:assert/strict";
import { JoinPace } from "../../../supabase/functions/file-events/realtime/join_pace.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function createPace({ random = 0.5 } = {}) {
  const clock = new FakeClock();
  const pace = new JoinPace(clock, () => random);
  /** Milliseconds from one join to the next. */
  function interval(): number {
    pace.countJoin();
    return pace.waitMs;
  }
  return { clock, pace, interval };
}

Deno.test("JoinPace lets joins be made at any speed, until the server refuses one", () => {
  const { pace, interval } = createPace();
  assert.ok(pace.waitMs <= 0);
  assert.equal(interval(), 0);
  assert.equal(pace.isLimited, false);
});

Deno.test("JoinPace doubles the pause while the server refuses, up to 30 s", async () => {
  const { clock, pace } = createPace();
  for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
    pace.slowDown();
    assert.equal(pace.waitMs, pause * 1_000);
    await clock.advance(pause * 1_000);
    assert.ok(pace.waitMs <= 0);
  }
});

Deno.test("JoinPace varies the pause, so that isolates do not go on at the same moment", () => {
  const { pace } = createPace({ random: 0 });
  pace.slowDown();
  assert.equal(pace.waitMs, 700);
});

Deno.test("JoinPace begins with 1 s again if more than 30 s have passed since the last pause", async () => {
  const { clock, pace } = createPace();
  pace.slowDown();
  await clock.advance(1_000 + 30_000);
  pace.slowDown();
  assert.equal(pace.waitMs, 2_000);
  await clock.advance(2_000 + 30_001);
  pace.slowDown();
  assert.equal(pace.waitMs, 1_000);
});

Deno.test("JoinPace ignores refusals during a pause", async () => {
  const { clock, pace, interval } = createPace();
  pace.slowDown();
  await clock.advance(999);
  pace.slowDown();
  assert.equal(pace.waitMs, 1);
  await clock.advance(1);
  assert.equal(interval(), 1_000 / 4);
});

Deno.test("JoinPace makes 4 joins a second after a pause, and half as many after each further one", async () => {
  const { clock, pace, interval } = createPace();
  for (const perSecond of [4, 2, 1, 0.5, 0.5]) {
    pace.slowDown();
    await clock.advance(pace.waitMs);
    assert.equal(interval(), 1_000 / perSecond);
    for (let n = 1; n <= 8; n++) pace.countJoin();
  }
});

Deno.test("JoinPace only pauses longer, at first, if the first joins after a pause are refused", async () => {
  const { clock, pace, interval } = createPace();
  for (const perSecond of [4, 4, 4, 2, 1]) {
    pace.slowDown();
    await clock.advance(pace.waitMs);
    for (let n = 1; n < 8; n++) pace.countJoin();
    assert.equal(interval(), 1_000 / perSecond);
  }
});

Deno.test("JoinPace makes twice as many after each 30 s without a refusal, and any number in the end", async () => {
  const { clock, pace, interval } = createPace();
  pace.slowDown();
  await clock.advance(1_000);
  for (const perSecond of [4, 8, 16, 32, 64, 128]) {
    assert.equal(Math.round(interval()), Math.round(1_000 / perSecond));
    assert.equal(pace.isLimited, true);
    await clock.advance(30_000);
  }
  assert.equal(interval(), 0);
  assert.equal(pace.isLimited, false);
});

Deno.test("JoinPace halves the rate that it has reached when it is refused again", async () => {
  const { clock, pace, interval } = createPace();
  pace.slowDown();
  await clock.advance(1_000 + 60_000);
  for (let n = 1; n <= 9; n++) pace.countJoin();
  pace.slowDown();
  await clock.advance(pace.waitMs);
  assert.equal(Math.round(interval()), 1_000 / 8);
});
