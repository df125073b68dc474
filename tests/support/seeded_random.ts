/**
 * Random numbers from 0 up to 1, always the same ones for a seed.
 *
 * @param seed From 1 to 2,147,483,646.
 */
export function seededRandom(seed: number): () => number {
  // The generator of Park and Miller.
  let state = seed;
  return () => (state = state * 16807 % 2147483647) / 2147483647;
}
