/**
 * A `fetch` that gives up after `ms` milliseconds, so that an upstream which accepts a connection
 * and says nothing counts as unreachable.
 */
export function fetchWithTimeout(fetch: typeof globalThis.fetch, ms: number): typeof fetch {
  return (input, init) => {
    const timeout = AbortSignal.timeout(ms);
    const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    return fetch(input, { ...init, signal });
  };
}
