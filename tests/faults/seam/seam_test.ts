import * as fc from "fast-check";
import type { OnCommit } from "../file_database.ts";
import { ModelDatabase } from "./model_database.ts";
import { runs } from "../runs.ts";
import { SeamWorld } from "../seam_world.ts";
import { type SeamSchedule, seamSchedule } from "./seam_schedule.ts";
import { TELLING_SCHEDULES } from "../telling_schedules.ts";

for (const polls of [false, true]) {
  const how = polls ? "that gets its events by polling " : "";
  Deno.test(`any schedule at the feed's seam leaves the client ${how}with what the database has`, () =>
    play(polls));
}

async function play(polls: boolean): Promise<void> {
  const counts: Record<string, number> = {};
  let steps = 0;
  const examples: readonly SeamSchedule[] = TELLING_SCHEDULES;
  await fc.assert(
    fc.asyncProperty(seamSchedule, async ({ steps: taken, ...options }) => {
      const database = (onCommit: OnCommit) => new ModelDatabase({ onCommit });
      const world = new SeamWorld({ ...options, database, polls });
      await world.run(taken);
      await world.agree();
      await world.close();
      steps += taken.length;
      for (const [name, count] of Object.entries(world.feed.counts)) {
        counts[name] = (counts[name] ?? 0) + count;
      }
    }),
    { ...runs(polls ? 300 : 1000), examples: examples.map((it) => [it]) },
  );
  // deno-lint-ignore no-console -- says what has been tested
  console.log(`${steps} steps, faults: ${JSON.stringify(counts)}`);
}
