/**
 * The delay after a number of failures in a row: `first` milliseconds after one, then doubled after
 * each, at most `last`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { backoff } from "./backoff.ts";
 *
 * const delays = [1, 2, 3, 4].map((failures) => backoff(failures, { first: 1_000, last: 5_000 }));
 * assert.deepEqual(delays, [1_000, 2_000, 4_000, 5_000]);
 * ```
 */
export function backoff(
  failures: number,
  { first, last }: { readonly first: number; readonly last: number },
): number {
  return Math.min(first * 2 ** (failures - 1), last);
}
