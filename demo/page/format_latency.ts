/** A duration as short as it can be read: `<1 ms`, `12 ms`, `4.8 s`. */
export function formatLatency(ms: number): string {
  if (ms < 1) return "<1 ms";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}
