/**
 * How many schedules a ring runs, and from where: `FAULTS_RUNS` and `FAULTS_SEED`. A failure prints
 * its seed and the smallest schedule that fails; with that seed it happens again.
 */
export function runs(numRuns: number): { numRuns: number; seed?: number } {
  const seed = Deno.env.get("FAULTS_SEED");
  return {
    numRuns: Number(Deno.env.get("FAULTS_RUNS") ?? numRuns),
    ...(seed !== undefined && { seed: Number(seed) }),
  };
}
