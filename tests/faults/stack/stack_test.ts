import * as fc from "fast-check";
import { SOURCES } from "../../support/sources.ts";
import { runs } from "../runs.ts";
import { stackSchedules } from "./stack_step.ts";
import { StackWorld } from "./stack_world.ts";

/** Schedules that run at once. */
const AT_ONCE = 10;
/** For each source. */
const SCHEDULES = 30;

for (const source of SOURCES) {
  Deno.test(`any schedule through the whole stack, fed by ${source}, leaves each client with what its user selects`, async () => {
    await using world = await StackWorld.start({ source });
    const { numRuns, ...options } = runs(SCHEDULES);
    let schedules = 0;
    await fc.assert(
      fc.asyncProperty(stackSchedules(AT_ONCE), async (taken) => {
        await world.play(taken);
        schedules += taken.length;
      }),
      // Shrinking plays in real time.
      { ...options, numRuns: Math.ceil(numRuns / AT_ONCE), interruptAfterTimeLimit: 600_000 },
    );
    // deno-lint-ignore no-console -- says what has been tested
    console.log(`${schedules} schedules: ${JSON.stringify(world.counts)}`);
  });
}
