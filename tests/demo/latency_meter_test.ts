import assert from "node:assert/strict";
import { createLatencyMeter } from "../../demo/page/latency_meter.ts";

const id = "7d9f3c1e-0b1a-4c55-9a70-2f1a40f0b3aa";
const NOON = Date.parse("2026-11-23T12:00:00Z");

/** A write of which the database says that it began at noon. */
const write = {
  id,
  revision: 7,
  updated_at: "2026-11-23T12:00:00.000123+00:00",
  sentAt: NOON - 2,
  answeredAt: NOON + 9,
};

Deno.test("latency meter tells the time from a write to its event", () => {
  const { meter, told } = meterAt(5);
  meter.wrote(write);
  meter.arrived(write, told.add);
  assert.deepEqual(told.all, [5]);
  assert.equal(meter.median(), 5);
});

Deno.test("latency meter does so when the answer to the write comes after the event", () => {
  const { meter, told, time } = meterAt(5);
  meter.arrived(write, told.add);
  time.ms += 100;
  meter.wrote(write);
  assert.deepEqual(told.all, [5]);
});

Deno.test("latency meter says nothing of what others have written, or of an earlier revision", () => {
  const { meter, told } = meterAt(20_000);
  meter.wrote(write);
  meter.deleted(id);
  meter.arrived({ ...write, revision: 6 }, told.add);
  meter.arrived({ ...write, id: crypto.randomUUID() }, told.add);
  assert.deepEqual(told.all, []);
  assert.equal(meter.median(), undefined);
});

Deno.test("latency meter measures a state once, whatever repeats it", () => {
  const { meter, told, time } = meterAt(5);
  meter.arrived(write, told.add);
  meter.wrote(write);
  time.ms += 60_000;
  meter.arrived(write, told.add);
  assert.deepEqual(told.all, [5]);
});

for (
  const [clock, writtenAt] of [
    ["ahead", "2026-11-23T12:00:00.011+00:00"],
    ["behind", "2026-11-23T11:59:59.996+00:00"],
  ] as const
) {
  Deno.test(`latency meter says nothing when the database's clock is ${clock}`, () => {
    const { meter, told } = meterAt(20);
    meter.wrote({ ...write, updated_at: writtenAt });
    meter.arrived(write, told.add);
    assert.deepEqual(told.all, []);
  });
}

Deno.test("latency meter takes a millisecond of rounding for none", () => {
  const { meter, told } = meterAt(0);
  meter.wrote({ ...write, updated_at: "2026-11-23T12:00:00.001+00:00" });
  meter.arrived(write, told.add);
  assert.deepEqual(told.all, [0]);
});

Deno.test("latency meter says nothing of an event that came before its write", () => {
  const { meter, told } = meterAt(0);
  meter.wrote({ ...write, updated_at: "2026-11-23T12:00:00.005+00:00" });
  meter.arrived(write, told.add);
  assert.deepEqual(told.all, []);
});

Deno.test("latency meter takes a later state for the arrival of a write, and tells no event of it", () => {
  const { meter, told, time } = meterAt(5);
  meter.wrote(write);
  meter.arrived({ ...write, revision: 8 }, told.add);
  assert.deepEqual(told.all, []);
  time.ms += 1000;
  assert.equal(meter.median(), 5);
});

Deno.test("latency meter knows the median of the last 10 s", () => {
  const { meter, time } = meterAt(0);
  for (let revision = 1; revision <= 3; revision++) {
    time.ms = NOON + revision;
    meter.wrote({ ...write, revision });
    meter.arrived({ id, revision }, () => {});
  }
  assert.equal(meter.median(), 2);
  time.ms = NOON + 10_004;
  assert.equal(meter.median(), undefined);
});

Deno.test("latency meter counts a write that does not arrive with its age, as while Realtime is down", () => {
  const { meter, time } = meterAt(5);
  meter.wrote(write);
  time.ms = NOON + 4_000;
  assert.equal(meter.median(), 4_000);
  meter.deleted(id);
  assert.equal(meter.median(), undefined);
});

Deno.test("latency meter forgets what waits longest", () => {
  const { meter, told } = meterAt(5);
  for (let revision = 1; revision <= 201; revision++) meter.wrote({ ...write, revision });
  meter.arrived({ id, revision: 1 }, told.add);
  assert.deepEqual(told.all, []);
  meter.arrived({ id, revision: 2 }, told.add);
  assert.deepEqual(told.all, [5]);
});

/** A meter on a clock that shows `ms` after noon. */
function meterAt(ms: number) {
  const time = { ms: NOON + ms };
  const all: number[] = [];
  const told = { all, add: (latency: number) => void all.push(latency) };
  return { meter: createLatencyMeter(() => time.ms), told, time };
}
