import assert from "node:assert/strict";
import {
  type Arrival,
  type ArrivalKind,
  judgeArrival,
} from "../../../../setup/doctor/judge/judge_arrival.ts";

/** The function's clock is a minute ahead. */
const AHEAD_MS = 60_000;

function arrival(writtenAt: number, at: number): Arrival {
  return { eventType: "file-update", writtenAt: writtenAt + AHEAD_MS, at };
}

const cases: readonly [what: string, event: Arrival, expected: ArrivalKind][] = [
  ["that arrives at once as live", arrival(1_003, 1_010), "live"],
  ["that the function writes late as late", arrival(5_990, 6_000), "late"],
  ["that was written at once and arrives late as held", arrival(1_003, 6_000), "held"],
];

for (const [what, event, expected] of cases) {
  Deno.test(`judgeArrival() judges an event ${what}, whatever the clocks say`, () => {
    const all = [arrival(0, 10), event];
    assert.equal(judgeArrival(event, { all, changedAt: 1_000, liveMs: 2_000 }), expected);
  });
}
