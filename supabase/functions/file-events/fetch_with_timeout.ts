/**
 * Creates a `fetch` that also aborts when the signal of `createTimeout` does. So a server that
 * accepts a connection and sends nothing counts as unreachable.
 *
 * @param createTimeout Called for each request.
 */
export function fetchWithTimeout(
  fetch: typeof globalThis.fetch,
  createTimeout: () => AbortSignal,
): typeof fetch {
  return (input, init) => {
    const timeout = createTimeout();
    // Some dependencies include Node's types, which hide the property on Deno 2.1.
    const { signal } = (init ?? {}) as { signal?: AbortSignal | null };
    return fetch(input, { ...init, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  };
}
