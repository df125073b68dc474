import * as fc from "fast-check";
import { runs } from "../runs.ts";
import { tabsSchedule } from "./tabs_schedule.ts";
import { TELLING_TABS_SCHEDULES } from "./telling_tabs_schedules.ts";
import { TabsWorld } from "./tabs_world.ts";

Deno.test("any schedule leaves all tabs of a browser with what the database has", async () => {
  let [steps, steals] = [0, 0];
  await fc.assert(
    fc.asyncProperty(tabsSchedule, async ({ steps: taken, ...options }) => {
      const world = new TabsWorld(options);
      await world.run(taken);
      await world.agree();
      await world.close();
      steps += taken.length;
      steals += world.steals;
    }),
    { ...runs(300), examples: TELLING_TABS_SCHEDULES.map((it) => [it]) },
  );
  // deno-lint-ignore no-console -- says what has been tested
  console.log(`${steps} steps, the lead was taken ${steals} times`);
});
