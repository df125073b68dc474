/**
 * How many schedules a test runs, and from where: `FAULTS_RUNS` and `FAULTS_SEED`. A failure prints
 * its seed and the smallest schedule that fails; with that seed it happens again.
 *
 * @throws {TypeError} if one of them is no whole number.
 */
export function runs(numRuns: number): { numRuns: number; seed?: number } {
  const seed = readInteger("FAULTS_SEED");
  return { numRuns: readInteger("FAULTS_RUNS") ?? numRuns, ...(seed !== undefined && { seed }) };
}

function readInteger(name: string): number | undefined {
  const text = Deno.env.get(name);
  if (!text) return;
  if (!/^-?\d+$/.test(text)) throw new TypeError(`${name} must be a whole number, not "${text}"`);
  return Number(text);
}
