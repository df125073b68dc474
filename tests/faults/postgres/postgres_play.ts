import type { PostgresDatabase } from "./postgres_database.ts";
import type { PostgresWrite } from "./postgres_write.ts";
import { SeamWorld } from "../seam_world.ts";
import type { Schedule } from "../step.ts";

/**
 * Plays a schedule on an emptied database. Rejects if client and database disagree at a quiet point.
 *
 * @returns The faults of the feed that took effect, by name.
 */
export async function playOnPostgres(
  database: PostgresDatabase,
  { steps, ...schedule }: Schedule<PostgresWrite>,
): Promise<Readonly<Record<string, number>>> {
  await database.empty();
  // Only pings obey a policy that hides rows.
  const options = database.shape.hiddenBy ? { ...schedule, live: "pings" as const } : schedule;
  const world = new SeamWorld({ ...options, database: (onCommit) => database.playOn(onCommit) });
  await world.run(steps);
  await world.agree();
  await world.close();
  await database.assertRowsOutrankTombstones();
  return world.streams.feed.counts;
}
