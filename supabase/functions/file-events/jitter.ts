/**
 * Varies a delay evenly by up to ±`spread` of itself. So a thousand streams to which the same thing
 * happens do not all act again at the same moment.
 *
 * @param ms The delay in milliseconds.
 * @param random A number from 0 up to 1, as `Math.random` gives it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { jitter } from "./jitter.ts";
 *
 * assert.equal(jitter(1000, () => 0), 700);
 * assert.equal(jitter(1000, () => 0.5, { spread: 0.1 }), 1000);
 * ```
 */
export function jitter(ms: number, random: () => number, { spread = 0.3 } = {}): number {
  return Math.round(ms * (1 - spread + 2 * spread * random()));
}
