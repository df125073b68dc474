import * as fc from "fast-check";
import { startPostgres } from "../postgres_server.ts";
import { PostgresDatabase } from "./postgres_database.ts";
import { postgresSchedule } from "./postgres_write.ts";
import { runs } from "./runs.ts";
import { SeamWorld } from "./seam_world.ts";
import { POSTGRES_TELLING_SCHEDULES } from "./postgres_telling_schedules.ts";

Deno.test("any schedule on PostgreSQL leaves the client with what the database has", async () => {
  await using server = await startPostgres();
  await using database = await PostgresDatabase.create(server);
  let schedules = 0;
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(postgresSchedule, async ({ steps: taken, ...options }) => {
      await database.empty();
      const world = new SeamWorld({
        ...options,
        database: (onCommit) => database.playOn(onCommit),
      });
      await world.run(taken);
      await world.agree();
      await world.close();
      schedules++;
      steps += taken.length;
    }),
    { ...runs(200), examples: POSTGRES_TELLING_SCHEDULES.map((it) => [it]) },
  );
  // deno-lint-ignore no-console -- says what has been tested
  console.log(`${schedules} schedules, ${steps} steps, ${JSON.stringify(database.counts)}`);
});
