import type { Channel, Environment, Locks } from "./environment.ts";
import { webClock } from "./web_clock.ts";

/** A visible page may get no frames, for example in a window that is covered by another. */
const LONGEST_FRAME_MS = 250;

const PAGE_EVENTS = [
  "online",
  "offline",
  "visibilitychange",
  "freeze",
  "resume",
  "pagehide",
  "pageshow",
];

/**
 * What is used of a page's globals. A worker, Node and Deno lack some of it. TypeScript's library `dom`
 * is not used, because programs that are compiled without it import this module too.
 */
interface Page {
  readonly document?: { readonly hidden: boolean };
  readonly navigator?: { readonly onLine?: boolean; readonly locks?: Locks };
  readonly BroadcastChannel?: new (name: string) => Channel;
  readonly addEventListener?: typeof EventTarget.prototype.addEventListener;
  readonly requestAnimationFrame?: (run: () => void) => number;
  readonly cancelAnimationFrame?: (frame: number) => void;
}

/** The environment of a page, a worker, Node or Deno. */
export function webEnvironment(
  // The global one at the time of the request, because monitors replace it.
  fetch: typeof globalThis.fetch = (...request) => globalThis.fetch(...request),
): Environment {
  const {
    document,
    navigator,
    BroadcastChannel,
    addEventListener,
    requestAnimationFrame,
    cancelAnimationFrame,
  } = globalThis as Page;
  const locks = navigator?.locks;
  const isVisible = () => document?.hidden === false;
  return {
    ...webClock,
    random: Math.random,
    fetch,
    isOnline: () => navigator?.onLine !== false,
    isVisible,
    tabs: document && locks && BroadcastChannel &&
      { locks, openChannel: (name) => new BroadcastChannel(name) },
    watchPage(onEvent, signal) {
      // In the capture phase, because not all of the document's events bubble to the window.
      for (const type of PAGE_EVENTS) {
        addEventListener?.(type, onEvent, { signal, capture: true });
      }
    },
    schedule(run) {
      // Not by a timer, because a hidden page's timers run once a second, or once a minute.
      if (!isVisible()) return queueMicrotask(run);
      const go = () => {
        cancelAnimationFrame?.(frame!);
        clearTimeout(timer);
        run();
      };
      const frame = requestAnimationFrame?.(go);
      const timer = setTimeout(go, LONGEST_FRAME_MS);
    },
  };
}
