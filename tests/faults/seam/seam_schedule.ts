import type * as fc from "fast-check";
import { type ModelWrite, modelWrite } from "./model_database.ts";
import { type Schedule, schedules } from "../step.ts";

export type SeamSchedule = Schedule<ModelWrite>;

export const seamSchedule: fc.Arbitrary<SeamSchedule> = schedules(modelWrite, {
  open: 5,
  pruning: 2,
});
