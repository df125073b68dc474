import { parseArgs } from "node:util";
import { type Contender, contenders } from "./contenders/contenders.ts";
import type { Measurement } from "./measurements/measurement.ts";
import { fullPlan, type Plan, quickPlan } from "./plan.ts";

export interface Options {
  readonly plan: Plan;
  readonly contenders: readonly Contender[];
  readonly measurements: readonly Measurement[];
  /** Whether all is measured, so that the results may be published. */
  readonly isComplete: boolean;
  /** Whether to measure nothing, and to render again what was published last. */
  readonly renders: boolean;
}

/** Parses the command line; throws an error that says what is wrong with it. */
export function parseOptions(args: string[], all: readonly Measurement[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      measure: { type: "string" },
      rounds: { type: "string" },
      render: { type: "boolean", default: false },
    },
  });
  const plan = values.quick ? quickPlan : fullPlan;
  const rounds = Number(values.rounds ?? plan.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error("--rounds must be a number from 1 on");
  }
  return {
    plan: { ...plan, rounds },
    contenders: choose("--only", values.only, contenders),
    measurements: choose("--measure", values.measure, all),
    renders: values.render,
    isComplete: !values.quick && rounds >= fullPlan.rounds && values.only === undefined &&
      values.measure === undefined,
  };
}

/** Those of `all` whose names, separated by commas, `list` has. */
function choose<Named extends { name: string }>(
  option: string,
  list: string | undefined,
  all: readonly Named[],
): readonly Named[] {
  if (list === undefined) return all;
  const names = list.split(",");
  const unknown = names.find((name) => !all.some((it) => it.name === name));
  if (unknown === undefined) return all.filter(({ name }) => names.includes(name));
  const known = all.map(({ name }) => name).join(", ");
  throw new Error(`${option} does not know ${unknown}. It knows ${known}`);
}
