import assert from "node:assert/strict";
import { FakeClock } from "./fake_clock.ts";

Deno.test("FakeClock.advance() runs what comes due, in order of time and then of creation", async () => {
  const clock = new FakeClock(1_000);
  const ran: [string, number][] = [];
  const note = (name: string) => () => void ran.push([name, clock.now()]);
  clock.after(20, note("late"));
  clock.after(10, note("first"));
  clock.after(10, note("second"));
  clock.after(31, note("not due"));
  await clock.advance(30);
  assert.deepEqual(ran, [["first", 1_010], ["second", 1_010], ["late", 1_020]]);
  assert.equal(clock.now(), 1_030);
  assert.equal(clock.pending, 1);
});

Deno.test("FakeClock.advance() runs timers that timers and promises set on the way", async () => {
  const clock = new FakeClock(0);
  const ran: number[] = [];
  const repeat = () => {
    ran.push(clock.now());
    void Promise.resolve().then(() => clock.after(10, repeat));
  };
  clock.after(10, repeat);
  await clock.advance(35);
  assert.deepEqual(ran, [10, 20, 30]);
});

Deno.test("FakeClock.after() is cancelled by what it returns, twice is harmless", async () => {
  const clock = new FakeClock(0);
  const cancel = clock.after(10, () => assert.fail("cancelled"));
  cancel();
  cancel();
  assert.equal(clock.pending, 0);
  await clock.advance(10);
});
