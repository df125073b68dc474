/**
 * A `fetch` that gives up after `ms` milliseconds, so that an upstream which accepts a connection
 * and says nothing counts as unreachable.
 */
export function fetchWithTimeout(fetch: typeof globalThis.fetch, ms: number): typeof fetch {
  return (input, init) => {
    const timeout = AbortSignal.timeout(ms);
    // Node's types, which some dependencies bring along, hide the property on Deno 2.1.
    const { signal } = (init ?? {}) as { signal?: AbortSignal | null };
    return fetch(input, { ...init, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  };
}
