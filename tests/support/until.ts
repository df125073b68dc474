/**
 * Resolves once `condition` holds.
 *
 * @throws {Error} After `milliseconds`, which are more than any machine should need.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = String(condition),
  milliseconds = 15_000,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`Waited ${milliseconds} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
