import assert from "node:assert/strict";
import * as fc from "fast-check";
import { runs } from "./runs.ts";

/** How the worlds say that a stream or a database did wrong. Any other error is the test's. */
export const WRONGDOING =
  /^Error: (The client (has|broke|is)|The stream broke its protocol|Tombstones outrank|Though nothing changed)/;

/**
 * Asserts that one of `schedules` schedules shows what is wrong with a mutated stream or database.
 * `FAULTS_SEED` and `FAULTS_RUNS` hold here too.
 */
export async function assertFindsFault<Schedule>(
  property: fc.IAsyncProperty<[Schedule]>,
  { schedules, examples = [] }: {
    schedules: number;
    /** Schedules that are played first. */
    examples?: readonly Schedule[];
  },
): Promise<void> {
  const { failed, seed, numRuns, errorInstance } = await fc.check(property, {
    ...runs(schedules),
    examples: examples.map((it) => [it]),
    endOnFailure: true,
  });
  assert.ok(failed, `${numRuns} schedules found nothing wrong; FAULTS_SEED=${seed}`);
  assert.match(String(errorInstance), WRONGDOING, `FAULTS_SEED=${seed}`);
}
