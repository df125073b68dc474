/** How much a run measures. */
export interface Plan {
  readonly rounds: number;
  readonly burstStreams: number;
  readonly paced: { readonly streams: number; readonly perSecond: number };
  /** Of the measurements of changes. */
  readonly eventStreams: number;
  /** How many changes at which rate, one after another. */
  readonly rates: readonly { readonly rate: number; readonly count: number }[];
  readonly saturationSeconds: number;
  /** How many streams a process has when its memory is read, one after another. */
  readonly memoryStreams: readonly number[];
  /** The same in later rounds. */
  readonly laterMemoryStreams: readonly number[];
  /** At least two heartbeats long. Not measured if undefined. */
  readonly idle: { readonly streams: number; readonly seconds: number } | undefined;
  /** Of the measurements of outages. */
  readonly outageStreams: number;
  /** How many files each user has, one after another. */
  readonly files: readonly number[];
  readonly fileStreams: number;
}

export const fullPlan: Plan = {
  rounds: 3,
  burstStreams: 1_000,
  paced: { streams: 300, perSecond: 50 },
  eventStreams: 200,
  rates: [{ rate: 100, count: 300 }, { rate: 500, count: 1_500 }, { rate: 1_000, count: 5_000 }],
  saturationSeconds: 3,
  memoryStreams: [250, 1_000, 4_000],
  laterMemoryStreams: [250, 1_000],
  idle: { streams: 1_000, seconds: 60 },
  outageStreams: 1_000,
  files: [0, 100, 1_000],
  fileStreams: 100,
};

export const quickPlan: Plan = {
  ...fullPlan,
  rounds: 1,
  burstStreams: 250,
  paced: { streams: 100, perSecond: 50 },
  eventStreams: 100,
  rates: [{ rate: 1_000, count: 4_000 }],
  saturationSeconds: 2,
  memoryStreams: [250],
  laterMemoryStreams: [250],
  idle: undefined,
  outageStreams: 100,
  files: [0, 1_000],
  fileStreams: 50,
};

/** The most streams that a process has at any time. */
export function mostStreams(plan: Plan): number {
  return Math.max(
    plan.burstStreams,
    plan.paced.streams,
    plan.eventStreams,
    ...plan.memoryStreams,
    plan.idle?.streams ?? 0,
    plan.outageStreams,
    plan.fileStreams,
  );
}
