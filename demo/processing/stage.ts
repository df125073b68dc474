/** What a worker does to a file, in this order: the values of `files.processing_stage`. */
export const STAGES = ["extraction", "compression", "embedding", "finalization"] as const;

export type Stage = typeof STAGES[number];

/** Where a file's work stands. */
export interface Progress {
  stage: Stage;
  /** Whole per cent of all the work, 0–100; never falls. */
  progress: number;
}
