import * as fc from "fast-check";
import type { Write } from "../file_database.ts";
import { fileId, progress, write } from "../step.ts";
import { step } from "../tagged.ts";

/** One step of a client's schedule on the embedded stack. */
export type StackStep =
  /** As the user, through PostgREST, a request each; only a change of owner takes the service role. */
  | { readonly do: "write"; readonly writes: readonly Write[] }
  /** In one statement. */
  | { readonly do: "insert several"; readonly ids: readonly string[] }
  | { readonly do: "update all"; readonly progress: number }
  | { readonly do: "delete several"; readonly ids: readonly string[] }
  /** Realtime loses its next messages about this user. */
  | { readonly do: "lose messages"; readonly count: number }
  /** The next catch-up queries of this user fail. */
  | { readonly do: "fail queries"; readonly count: number }
  | { readonly do: "break" | "go offline" | "go online" | "stall" | "read on" }
  /** Reads so many bytes, then breaks the connection. */
  | { readonly do: "break after"; readonly bytes: number }
  | { readonly do: "wait"; readonly ms: number }
  /** For all clients: a fault of the local Realtime. */
  | { readonly do: "drop" | "cold" | "deaf" | "limit" | "walsender" }
  | { readonly do: "down"; readonly ms: number }
  /** For all clients: the function's process ends, with or without a word, and starts again. */
  | { readonly do: "kill the function" | "shut the function down" };

const ids = fc.uniqueArray(fileId, { minLength: 2, maxLength: 8 });
const count = fc.integer({ min: 1, max: 4 });

const anyStep: fc.Arbitrary<StackStep> = fc.oneof(
  step(48, ["write"], { writes: fc.array(write, { minLength: 1, maxLength: 3 }) }),
  step(6, ["insert several"], { ids }),
  step(8, ["update all"], { progress }),
  step(4, ["delete several"], { ids }),
  step(12, ["lose messages", "fail queries"], { count }),
  step(16, ["break", "go offline", "go online", "go online", "stall", "read on", "read on"]),
  step(8, ["break after"], { bytes: fc.integer({ min: 1, max: 3000 }) }),
  step(40, ["wait"], { ms: fc.constantFrom(1, 20, 100, 300, 700) }),
  step(1, ["drop", "cold", "deaf", "limit", "walsender"]),
  step(1, ["down"], { ms: fc.constantFrom(1, 300) }),
  step(1, ["kill the function", "shut the function down"]),
);

/** What each of some clients does at the same time; what one breaks for all, all suffer. */
export type StackSchedules = readonly (readonly StackStep[])[];

/** Schedules for `clients` clients that run at once. */
export function stackSchedules(clients: number): fc.Arbitrary<StackSchedules> {
  const steps = fc.array(anyStep, { minLength: 5, maxLength: 50, size: "max" });
  return fc.array(steps, { minLength: clients, maxLength: clients, size: "max" });
}
