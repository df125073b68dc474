import type { PostgresWrite } from "./postgres_write.ts";
import type { Schedule } from "./step.ts";
import { TELLING_SCHEDULES } from "./telling_schedules.ts";

/** Schedules that random ones rarely meet, and only a real server plays. */
export const POSTGRES_TELLING_SCHEDULES: readonly Schedule<PostgresWrite>[] = [
  ...TELLING_SCHEDULES,
];
