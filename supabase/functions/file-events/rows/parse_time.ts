const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * Converts a date or a time, as PostgreSQL writes it in JSON, to ISO 8601 in UTC with milliseconds.
 * So the result does not depend on the time zone of the session that wrote it. A time without an
 * offset counts as UTC.
 *
 * @returns `undefined` if `text` is not a time, or one that ISO 8601 has no form for, such as
 * `infinity`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseTime } from "./parse_time.ts";
 *
 * assert.equal(parseTime("2026-11-23T12:30:00.081234+02:00"), "2026-11-23T10:30:00.081Z");
 * assert.equal(parseTime("infinity"), undefined);
 * ```
 */
export function parseTime(text: string): string | undefined {
  const [, day, time = "00:00:00", offset = "Z"] = TIME.exec(text) ?? [];
  // PostgreSQL may write an offset with hours only, which `Date` does not accept.
  const date = new Date(`${day}T${time}${offset.length === 3 ? `${offset}:00` : offset}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
