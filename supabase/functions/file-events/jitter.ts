/**
 * Spreads a delay evenly over ±`spread` of itself, so that what happens to a thousand streams at
 * once does not make them all act again in the same instant.
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
