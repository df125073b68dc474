import assert from "node:assert/strict";
import { formatLatency } from "../../demo/page/format_latency.ts";

for (
  const [ms, text] of [
    [0, "<1 ms"],
    [0.9, "<1 ms"],
    [1, "1 ms"],
    [12.4, "12 ms"],
    [999.4, "999 ms"],
    [999.5, "1.0 s"],
    [4800, "4.8 s"],
  ] as const
) {
  Deno.test(`formatLatency() writes ${ms} as ${text}`, () => {
    assert.equal(formatLatency(ms), text);
  });
}
