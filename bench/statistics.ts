/** The value below which the fraction `q` of `values` lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
