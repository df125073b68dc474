/**
 * How fast at most, a second. More new connections would overflow the queue in which the kernel lets
 * them wait, and the client would try again after a second.
 */
const MOST_PER_SECOND = 5_000;

/**
 * Calls `run` for each item, `perSecond` a second.
 *
 * @returns The results in the order of the items.
 */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  perSecond: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const interval = 1000 / Math.min(perSecond, MOST_PER_SECOND);
  const start = performance.now();
  const results: Promise<Result>[] = [];
  for (const [n, item] of items.entries()) {
    const wait = start + n * interval - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    results.push(run(item));
  }
  return Promise.all(results);
}
