const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * Turns a date or a time as PostgreSQL writes it in JSON into ISO 8601 in UTC with milliseconds, so
 * that it reads the same whatever the time zone of the session that wrote it. Without an offset it
 * counts as UTC.
 *
 * @returns `undefined` if it is none, or one that ISO 8601 can't say, such as `infinity`.
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
  // `Date` reads no offset of hours alone, which PostgreSQL writes as text.
  const date = new Date(`${day}T${time}${offset.length === 3 ? `${offset}:00` : offset}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
