/// <reference lib="dom" />
import type { Environment } from "./environment.ts";
import { webClock } from "./web_clock.ts";

/** A visible page may get no frames, for example in a window that is covered by another. */
const LONGEST_FRAME_MS = 250;

/** The environment of a page, a worker, Node or Deno. Each of these lacks some of what is used. */
export function webEnvironment(fetch: typeof globalThis.fetch = globalThis.fetch): Environment {
  const { document, navigator, addEventListener } = globalThis as Partial<typeof globalThis>;
  return {
    ...webClock,
    random: Math.random,
    fetch,
    isOnline: () => navigator?.onLine !== false,
    watchPage(onChange, signal) {
      // `visibilitychange` bubbles to the window. `pageshow` ends a stay in the back/forward cache.
      for (const type of ["online", "offline", "pageshow", "visibilitychange"]) {
        addEventListener?.(type, onChange, { signal });
      }
    },
    schedule(run) {
      // Not by a timer, because a hidden page's timers run once a second, or once a minute.
      if (document?.hidden ?? true) return queueMicrotask(run);
      requestAnimationFrame(run);
      setTimeout(run, LONGEST_FRAME_MS);
    },
  };
}
