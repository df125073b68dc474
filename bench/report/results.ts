import type { Sample } from "../measurements/measurement.ts";
import { median } from "../statistics.ts";
import type { Provenance } from "./provenance.ts";

export interface RecordedSample extends Sample {
  readonly measurement: string;
  /** From 0 on. */
  readonly round: number;
}

/** What `docs/benchmarks/results.json` holds. */
export interface Results {
  readonly provenance: Provenance;
  readonly samples: readonly RecordedSample[];
}

export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A value of a contender over all rounds; undefined if it was not measured. */
export function figure(
  samples: readonly RecordedSample[],
  place: { measurement: string; variant: string; contender: string; value: string },
): Figure | undefined {
  const values = samples
    .filter((it) => it.measurement === place.measurement)
    .filter((it) => it.variant === place.variant && it.contender === place.contender)
    .flatMap(({ values }) => values[place.value] ?? []);
  if (values.length === 0) return;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
