/** How often due events are sent, in milliseconds. */
const TICK_MS = 2;

/**
 * Calls `emit` at an equal pace.
 *
 * @param options.rate Calls a second.
 * @param options.count Calls in all.
 */
export async function emitSteadily(
  emit: () => void,
  { rate, count }: { rate: number; count: number },
): Promise<void> {
  const start = performance.now();
  for (let n = 0; n < count;) {
    const due = Math.min(count, Math.ceil((performance.now() - start) * rate / 1000));
    while (n < due) {
      n++;
      emit();
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}
