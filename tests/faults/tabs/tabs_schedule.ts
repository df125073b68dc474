import * as fc from "fast-check";
import { type ModelWrite, modelWrite } from "../seam/model_database.ts";
import { type Auth, type LiveMode, worldFaults, type WorldStep, writeSteps } from "../step.ts";
import { step } from "../tagged.ts";
import { type TabStep, tabStep } from "./tab_step.ts";

export type TabsStep =
  | WorldStep<ModelWrite>
  | TabStep
  /** The browser's clock is wrong by so much from now on. */
  | { readonly do: "set the clock"; readonly ms: number };

export interface TabsSchedule {
  /** How many tabs there are at the beginning. */
  readonly opened: number;
  /** Whether each tab has a session of its own, as on a page that keeps it in `sessionStorage`. */
  readonly hasOwnSessions: boolean;
  readonly auth: Auth;
  readonly live: LiveMode;
  readonly maxFiles: number;
  readonly steps: readonly TabsStep[];
}

const anyStep: fc.Arbitrary<TabsStep> = fc.oneof(
  ...writeSteps(modelWrite, { open: 1, pruning: 1 }),
  ...worldFaults,
  // Longer than a leader may be silent while nobody looks.
  step(3, ["wait"], { ms: fc.constantFrom(12_000, 81_000) }),
  step(1, ["set the clock"], { ms: fc.constantFrom(0, 3_600_000, -3_600_000) }),
  { weight: 50, arbitrary: tabStep },
);

export const tabsSchedule: fc.Arbitrary<TabsSchedule> = fc.record({
  opened: fc.integer({ min: 1, max: 3 }),
  hasOwnSessions: fc.constantFrom(false, false, true),
  auth: fc.constantFrom<Auth>("getToken", "supabase", "supabase"),
  live: fc.constantFrom<LiveMode>("rows", "pings"),
  maxFiles: fc.constantFrom(4, 1000, 1000),
  steps: fc.array(anyStep, { minLength: 5, maxLength: 60, size: "max" }),
});
