import assert from "node:assert/strict";
import type { FakeClock } from "../../support/fake_clock.ts";

const DEADLINE_MS = 10_000;

/** Lets time pass on `clock`, 50 ms at a turn, until `condition` holds. Rejects after 10 real seconds. */
export async function advanceUntil(
  clock: FakeClock,
  condition: () => boolean,
  what = String(condition),
): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `Waited in vain until ${what}`);
    await clock.advance(50);
    // Sockets need real time.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
