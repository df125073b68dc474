import assert from "node:assert/strict";
import { createRateCounter } from "../../local/realtime/rate_counter.ts";

function count() {
  let time = 0;
  const counter = createRateCounter({ readMs: 5_000, readings: 12, now: () => time });
  return {
    add(events: number) {
      for (let n = 0; n < events; n++) counter.add();
    },
    at(ms: number) {
      time = ms;
      return counter.perSecond();
    },
  };
}

Deno.test("createRateCounter() sees a burst at the next reading", () => {
  const { add, at } = count();
  add(3_000);
  assert.equal(at(4_999), 0);
  assert.equal(at(5_000), 600);
});

Deno.test("createRateCounter() averages quiet readings with a burst, until it has gone", () => {
  const { add, at } = count();
  add(3_000);
  assert.equal(at(10_000), 300);
  assert.equal(at(30_000), 100);
  assert.equal(at(60_000), 50);
  assert.equal(at(65_000), 0);
});

Deno.test("createRateCounter() averages 12 readings at most", () => {
  const { add, at } = count();
  for (let reading = 1; reading <= 20; reading++) {
    add(500);
    assert.equal(at(reading * 5_000), 100);
  }
});

Deno.test("createRateCounter() forgets what was before a long quiet time", () => {
  const { add, at } = count();
  add(600);
  at(5_000);
  at(1_000_000);
  add(600);
  assert.equal(at(1_005_000), 120, "averaged with no older reading");
});
