import assert from "node:assert/strict";
import { parseTime } from "../../../supabase/functions/file-events/rows/parse_time.ts";

const TIMES: Record<string, string> = {
  "2026-11-23T10:30:00.081234+00:00": "2026-11-23T10:30:00.081Z",
  "2026-11-23T12:30:00+02:00": "2026-11-23T10:30:00.000Z",
  "2026-11-23 05:00:00.5-05:30": "2026-11-23T10:30:00.500Z",
  "2026-11-23 12:30:00+02": "2026-11-23T10:30:00.000Z",
  "2026-11-23T10:30:00Z": "2026-11-23T10:30:00.000Z",
  "2026-11-23T10:30:00": "2026-11-23T10:30:00.000Z",
  "2026-11-23": "2026-11-23T00:00:00.000Z",
};

for (const [text, time] of Object.entries(TIMES)) {
  Deno.test(`parseTime() reads ${text}`, () => {
    assert.equal(parseTime(text), time);
  });
}

for (
  const text of ["", "infinity", "-infinity", "10:30", "2026-13-01", "0044-03-15 BC", "tomorrow"]
) {
  Deno.test(`parseTime() takes "${text}" for no time`, () => {
    assert.equal(parseTime(text), undefined);
  });
}
