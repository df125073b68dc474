import type { Environment } from "./environment.ts";
import { webClock } from "./web_clock.ts";

/** A visible page may get no frames, for example in a window that is covered by another. */
const LONGEST_FRAME_MS = 250;

/**
 * What is used of a page's globals. A worker, Node and Deno lack some of it. The library `dom` says the
 * same, but programs without that library import this module too.
 */
interface Page {
  readonly document?: { readonly hidden: boolean };
  readonly navigator?: { readonly onLine?: boolean };
  readonly addEventListener?: typeof EventTarget.prototype.addEventListener;
  readonly requestAnimationFrame?: (run: () => void) => number;
}

/** The environment of a page, a worker, Node or Deno. */
export function webEnvironment(fetch: typeof globalThis.fetch = globalThis.fetch): Environment {
  const { document, navigator, addEventListener, requestAnimationFrame } = globalThis as Page;
  return {
    ...webClock,
    random: Math.random,
    fetch,
    isOnline: () => navigator?.onLine !== false,
    watchPage(onChange, signal) {
      // `visibilitychange` bubbles to the window. It also ends a stay in the back/forward cache.
      for (const type of ["online", "offline", "visibilitychange"]) {
        addEventListener?.(type, onChange, { signal });
      }
    },
    schedule(run) {
      // Not by a timer, because a hidden page's timers run once a second, or once a minute.
      if (document?.hidden ?? true) return queueMicrotask(run);
      requestAnimationFrame?.(run);
      setTimeout(run, LONGEST_FRAME_MS);
    },
  };
}
