import type { TabsSchedule } from "./tabs_schedule.ts";

/** Schedules that random ones rarely meet: each has shown a fault. */
export const TELLING_TABS_SCHEDULES: readonly TabsSchedule[] = [];
