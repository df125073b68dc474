import * as fc from "fast-check";
import { server } from "../../support/test_server.ts";
import { PostgresDatabase } from "./postgres_database.ts";
import { playOnPostgres } from "./postgres_play.ts";
import {
  EXCHANGE_OF_IDS,
  POSTGRES_TELLING_SCHEDULES,
  withDeferrableKey,
} from "./postgres_telling_schedules.ts";
import { postgresSchedule, type PostgresWrite } from "./postgres_write.ts";
import { runs } from "../runs.ts";
import { OTHER_SHAPES } from "./table_shape.ts";
import type { Schedule } from "../step.ts";
import { TELLING_SCHEDULES } from "../telling_schedules.ts";

const database = await PostgresDatabase.create(server);
Deno.test.afterAll(() => database[Symbol.asyncDispose]());

for (const [name, schedule] of Object.entries(POSTGRES_TELLING_SCHEDULES)) {
  Deno.test(`nothing is lost on PostgreSQL though ${name}`, async () => {
    await playOnPostgres(database, schedule);
  });
}

Deno.test("nothing is lost on PostgreSQL though two files exchange their ids", async () => {
  await using deferrable = await PostgresDatabase.create(server, { mutate: withDeferrableKey });
  await playOnPostgres(deferrable, EXCHANGE_OF_IDS);
});

Deno.test("any schedule on PostgreSQL leaves the client with what the database has", async () => {
  await playRandomly(database, 100);
});

for (const shape of OTHER_SHAPES) {
  Deno.test(`any schedule leaves the client with what a table has that has ${shape.name}`, async () => {
    await using other = await PostgresDatabase.create(server, { shape });
    await playRandomly(other, 30);
  });
}

async function playRandomly(database: PostgresDatabase, defaultRuns: number): Promise<void> {
  const counts: Record<string, number> = {};
  let schedules = 0;
  let steps = 0;
  const examples: readonly Schedule<PostgresWrite>[] = TELLING_SCHEDULES;
  await fc.assert(
    fc.asyncProperty(postgresSchedule, async (schedule) => {
      const faults = await playOnPostgres(database, schedule);
      schedules++;
      steps += schedule.steps.length;
      for (const [name, count] of Object.entries(faults)) {
        counts[name] = (counts[name] ?? 0) + count;
      }
    }),
    { ...runs(defaultRuns), examples: examples.map((it) => [it]) },
  );
  // deno-lint-ignore no-console -- says what has been tested
  console.log(
    `${schedules} schedules, ${steps} steps, faults: ${JSON.stringify(counts)}, ` +
      `transactions met: ${JSON.stringify(database.counts)}`,
  );
}
