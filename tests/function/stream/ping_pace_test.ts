import assert from "node:assert/strict";
import { PingPace } from "../../../supabase/functions/file-events/stream/ping_pace.ts";

/** How long the pause is after a query, in milliseconds. */
function pauseAfter(pace: PingPace, took: number, { failed = false } = {}): number {
  const now = 1_000_000;
  pace.ended({ failed, askedAt: now - took, now });
  return pace.pauseEndsAt - now;
}

Deno.test("PingPace pauses for ten times what a query took, 100 ms at least and 2 s at most", () => {
  const pace = new PingPace();
  assert.ok(pace.pauseEndsAt < 0, "the first query need not wait");
  const pauses = [0, 9, 10, 11, 30, 200, 201, 10_000].map((took) => pauseAfter(pace, took));
  assert.deepEqual(pauses, [100, 100, 100, 110, 300, 2_000, 2_000, 2_000]);
});

Deno.test("PingPace pauses ever longer while queries fail, until one succeeds", () => {
  const pace = new PingPace();
  const failed = true;
  const pauses = Array.from({ length: 5 }, () => pauseAfter(pace, 5, { failed }));
  assert.deepEqual(pauses, [2_000, 4_000, 8_000, 16_000, 16_000]);
  assert.equal(pauseAfter(pace, 5), 100);
  assert.equal(pauseAfter(pace, 5, { failed }), 2_000);
});
