/**
 * A `fetch` that also gives up when the signal of `createTimeout` aborts, so that an upstream which
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
    // The types of Node, which some dependencies bring along, hide the property on Deno 2.1.
    const { signal } = (init ?? {}) as { signal?: AbortSignal | null };
    return fetch(input, { ...init, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  };
}
