/** How many begin at the same time, so that no connection overflows the server's backlog. */
const AT_A_TIME = 128;

/**
 * Calls `run` for each item: at most `perSecond` a second, or as fast as the first step of each goes.
 *
 * @returns The results in the order of the items.
 */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  perSecond: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const start = performance.now();
  const results: Promise<Result>[] = [];
  for (const [n, item] of items.entries()) {
    const wait = start + n * 1000 / perSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    else if (n % AT_A_TIME === AT_A_TIME - 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    results.push(run(item));
  }
  return Promise.all(results);
}
