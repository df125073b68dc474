/**
 * Spreads a delay evenly over ±`spread` of itself, so that what happens to a thousand streams at
 * once does not make them all act again in the same instant.
 *
 * @param ms The delay in milliseconds.
 * @param random A number from 0 up to 1, as `Math.random` gives it.
 */
export function jitter(ms: number, random: () => number, { spread = 0.3 } = {}): number {
  return Math.round(ms * (1 - spread + 2 * spread * random()));
}
