import type { Contender } from "../contenders/contenders.ts";
import type { Plan } from "../plan.ts";
import type { StandIn } from "../stand_in/stand_in.ts";
import type { User } from "../stand_in/users.ts";

/** What measurements share in a run. */
export interface Bench {
  readonly plan: Plan;
  readonly standIn: StandIn;
  /** Configures the stand-in. */
  readonly setFiles: (filesPerUser: number) => Promise<void>;
  /** The first one warms a process up. */
  readonly users: readonly User[];
}

/** Figures of one contender in one round. */
export interface Sample {
  readonly contender: string;
  /** Which of several cases, such as "burst" or "1000 streams". */
  readonly variant: string;
  /** By names that say the unit. */
  readonly values: Readonly<Record<string, number>>;
}

export interface Measurement {
  readonly name: string;
  readonly fits: (contender: Contender) => boolean;
  /** @param round From 0 on. */
  readonly run: (
    bench: Bench,
    contenders: readonly Contender[],
    round: number,
  ) => AsyncIterable<Sample>;
}
