import type { Clock } from "./clock.ts";

/** Requests that begin within this time share a timeout, in milliseconds, because each costs a timer. */
const SHARED_MS = 1_000;

/**
 * Creates a `fetch` that also aborts when a timeout does. So a server that accepts a connection and
 * sends nothing counts as unreachable.
 *
 * @param createTimeout Creates the timeout of the requests that begin within the next second.
 */
export function fetchWithTimeout(
  fetch: typeof globalThis.fetch,
  createTimeout: () => AbortSignal,
  clock: Pick<Clock, "now">,
): typeof fetch {
  let timeout: AbortSignal | undefined;
  let createdAt = 0;
  return (input, init) => {
    const now = clock.now();
    // `abs`, because the machine's clock can be set back.
    if (!timeout || timeout.aborted || Math.abs(now - createdAt) > SHARED_MS) {
      timeout = createTimeout();
      createdAt = now;
    }
    // Some dependencies include Node's types, which hide the property on Deno 2.1.
    const { signal } = (init ?? {}) as { signal?: AbortSignal | null };
    return fetch(input, { ...init, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  };
}
