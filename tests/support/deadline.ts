/**
 * Settles as `promise` does.
 *
 * @throws {Error} After `milliseconds`, which are more than any machine should need.
 */
export async function deadline<Result>(
  promise: Promise<Result>,
  what: string,
  milliseconds = 15_000,
): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Waited ${milliseconds} ms in vain for: ${what}`)),
    milliseconds,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
