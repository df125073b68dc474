import type { Sample } from "../measurements/measurement.ts";

export interface RecordedSample extends Sample {
  readonly measurement: string;
  readonly round: number;
}
