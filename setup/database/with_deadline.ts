/**
 * Rejects if there is no result in time. The server's own timeout does not help if the network
 * swallows its answer.
 */
export async function withDeadline<T>(result: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    const message = `the database did not answer within ${timeoutMs / 1000} s`;
    timer = setTimeout(() => reject(new Error(message)), timeoutMs);
  });
  try {
    return await Promise.race([result, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
