import assert from "node:assert/strict";
import { TimerWheel } from "../../supabase/functions/file-events/timer_wheel.ts";
import { FakeClock } from "../support/fake_clock.ts";

const TICK_MS = 250;

/** A wheel on a clock that stands 100 ms before the end of a tick, and what has fired. */
function createWheel() {
  const clock = new FakeClock(10 * TICK_MS - 100);
  const wheel = new TimerWheel(clock);
  const fired: string[] = [];
  const start = (name: string, ms: number) => wheel.after(ms, () => fired.push(name));
  return { clock, wheel, fired, start };
}

Deno.test("TimerWheel fires together all timers that are due within a tick, none early", async () => {
  const { clock, fired, start } = createWheel();
  start("a", 50);
  start("b", 100);
  start("c", 101);
  assert.equal(clock.pending, 1);
  await clock.advance(99);
  assert.deepEqual(fired, []);
  await clock.advance(1);
  assert.deepEqual(fired, ["a", "b"]);
  await clock.advance(TICK_MS);
  assert.deepEqual(fired, ["a", "b", "c"]);
  assert.equal(clock.pending, 0);
});

Deno.test("TimerWheel fires a timer that is set later and due earlier in its turn", async () => {
  const { clock, fired, start } = createWheel();
  start("late", 60_000);
  start("early", 1_000);
  assert.equal(clock.pending, 1, "it wakes up for the next one only");
  await clock.advance(1_100);
  assert.deepEqual(fired, ["early"]);
  await clock.advance(59_000);
  assert.deepEqual(fired, ["early", "late"]);
});

Deno.test("TimerWheel does not fire a cancelled timer, and does not wake up for it", async () => {
  const { clock, fired, start } = createWheel();
  const cancel = start("a", 1_000);
  start("b", 5_000);
  cancel();
  cancel();
  await clock.advance(4_999);
  assert.deepEqual(fired, []);
  await clock.advance(TICK_MS);
  assert.deepEqual(fired, ["b"]);
  start("c", 1_000)();
  assert.equal(clock.pending, 0);
});

Deno.test("TimerWheel does not fire a timer that another one of its tick cancels", async () => {
  const { clock, wheel, fired, start } = createWheel();
  let cancel = () => {};
  wheel.after(1_000, () => cancel());
  cancel = start("a", 1_000);
  await clock.advance(2_000);
  assert.deepEqual(fired, []);
});

Deno.test("TimerWheel keeps timers that are set while others fire", async () => {
  const { clock, wheel, fired, start } = createWheel();
  wheel.after(1_000, () => void start("a", 1_000));
  await clock.advance(1_000 + TICK_MS);
  assert.deepEqual(fired, []);
  await clock.advance(1_000 + TICK_MS);
  assert.deepEqual(fired, ["a"]);
});

Deno.test("TimerWheel cancels nothing but the timer, if that has fired already", async () => {
  const { clock, fired, start } = createWheel();
  const cancel = start("a", 100);
  await clock.advance(100);
  start("b", 0);
  cancel();
  await clock.advance(TICK_MS);
  assert.deepEqual(fired, ["a", "b"]);
});

Deno.test("TimerWheel calls the same function once for each timer", async () => {
  const { clock, wheel } = createWheel();
  let calls = 0;
  const count = () => void calls++;
  wheel.after(1_000, count);
  wheel.after(1_000, count);
  await clock.advance(2_000);
  assert.equal(calls, 2);
});

Deno.test("TimerWheel fires the others when one throws, and reports the error", async () => {
  const { clock, wheel, fired, start } = createWheel();
  wheel.after(1_000, () => {
    throw new Error("a bug");
  });
  start("a", 1_000);
  await assert.rejects(clock.advance(2_000), /a bug/);
  assert.deepEqual(fired, ["a"]);
});

Deno.test("TimerWheel never fires a timer of infinite length", async () => {
  const { clock, fired, start } = createWheel();
  const cancel = start("a", Infinity);
  await clock.advance(3_600_000);
  assert.deepEqual(fired, []);
  cancel();
});
