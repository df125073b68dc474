import * as fc from "fast-check";
import type { OnCommit } from "../file_database.ts";
import { ModelDatabase } from "./model_database.ts";
import { runs } from "../runs.ts";
import { SeamWorld } from "../seam_world.ts";
import { type SeamSchedule, seamSchedule } from "./seam_schedule.ts";
import { TELLING_SCHEDULES } from "../telling_schedules.ts";

Deno.test("any schedule at the feed's seam leaves the client with what the database has", async () => {
  await play(1000, TELLING_SCHEDULES);
});

Deno.test("any schedule leaves a client that polls with what the database has", async () => {
  await play(300, TELLING_SCHEDULES, [
    { do: "buffer", passing: "head" },
    // Two streams in which nothing comes any more.
    { do: "wait", ms: 100_000 },
  ]);
});

/** @param beginning The steps that each schedule begins with. */
async function play(
  numRuns: number,
  examples: readonly SeamSchedule[],
  beginning: SeamSchedule["steps"] = [],
): Promise<void> {
  const counts: Record<string, number> = {};
  let [steps, polls] = [0, 0];
  await fc.assert(
    fc.asyncProperty(seamSchedule, async ({ steps: drawn, ...options }) => {
      const database = (onCommit: OnCommit) => new ModelDatabase({ onCommit });
      const world = new SeamWorld({ ...options, database });
      await world.run([...beginning, ...drawn]);
      await world.agree();
      await world.close();
      steps += drawn.length;
      polls += world.polls;
      for (const [name, count] of Object.entries(world.streams.feed.counts)) {
        counts[name] = (counts[name] ?? 0) + count;
      }
    }),
    { ...runs(numRuns), examples: examples.map((it) => [it]) },
  );
  // deno-lint-ignore no-console -- says what has been tested
  console.log(`${steps} steps, ${polls} polls, faults: ${JSON.stringify(counts)}`);
}
