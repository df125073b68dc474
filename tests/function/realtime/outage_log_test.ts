import assert from "node:assert/strict";
import { createOutageLog } from "../../../supabase/functions/file-events/realtime/outage_log.ts";

type States = Parameters<ReturnType<typeof createOutageLog>>[0];

/** For each call with states, whether the outage was logged. */
function logged(...calls: States[]): boolean[] {
  let lines = 0;
  const note = createOutageLog((level, event) => {
    assert.deepEqual([level, event], ["warn", "realtime can't be reached"]);
    lines++;
  });
  return calls.map((states) => {
    const before = lines;
    note(states);
    return lines > before;
  });
}

Deno.test("createOutageLog() logs an outage once, and the next one again", () => {
  assert.deepEqual(
    logged(["open"], ["closed"], ["closed"], ["open"], ["closed"]),
    [false, true, false, false, true],
  );
});

Deno.test("createOutageLog() logs an outage of one of several sockets", () => {
  assert.deepEqual(
    logged(["open", "closed"], ["open", "closed"], ["open", "open"], ["closed", "open"]),
    [true, false, false, true],
  );
});

for (const state of ["connecting", "closing"] as const) {
  Deno.test(`createOutageLog() takes a socket that is ${state} for neither end nor beginning`, () => {
    assert.deepEqual(
      logged([state], ["closed"], [state], ["open", state], ["closed"]),
      [false, true, false, false, false],
    );
  });
}

Deno.test("createOutageLog() knows nothing without a socket", () => {
  assert.deepEqual(logged(["closed"], [], ["closed"]), [true, false, false]);
});
