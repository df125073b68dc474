/** Fails when `promise` takes longer than any machine should need; tests never wait in vain. */
export async function deadline<Result>(
  promise: Promise<Result>,
  what: string,
  milliseconds = 15_000,
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`No ${what} within ${milliseconds} ms`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer!);
  }
}

/** Asks again until the answer is yes. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  milliseconds = 15_000,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  let late = false;
  const timer = setTimeout(() => late = true, milliseconds);
  stack.defer(() => clearTimeout(timer));
  while (!await condition()) {
    if (late) throw new Error(`No ${what} within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
