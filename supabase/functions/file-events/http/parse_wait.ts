import { Refusal } from "./refusal.ts";

const MAX_WAIT_S = 25;

/**
 * Parses how long the answer to a poll may be held, and returns milliseconds.
 *
 * @throws {Refusal} `INVALID_PARAMETER`
 */
export function parseWait(query: URLSearchParams): number {
  const value = query.get("wait") ?? "0";
  if (!/^\d{1,2}$/.test(value) || Number(value) > MAX_WAIT_S) {
    throw new Refusal(
      "INVALID_PARAMETER",
      `wait must be a whole number of seconds from 0 to ${MAX_WAIT_S}`,
    );
  }
  return Number(value) * 1000;
}
