import type { Clock } from "../clock.ts";

/** Why a stream ends. */
export type EndReason =
  | "token-expired"
  /** The platform ends the isolate soon. */
  | "max-duration"
  /** A client that loads its own list of files must load it again. */
  | "resync"
  | "shutdown"
  | "slow-consumer"
  /** The database cannot serve streams until its operator acts. */
  | "setup-required"
  /** The client has gone. */
  | "cancelled";

/** The isolate that the streams live in. */
export interface Isolate {
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Milliseconds that the platform lets it live; `Infinity` if it doesn't say. */
  readonly limitMs: number;
  /** Aborts when it is about to end. */
  readonly shutdown: AbortSignal;
}

export interface Lifetime {
  /** Aborts once, with an {@linkcode EndReason}. */
  readonly signal: AbortSignal;
  end(reason: EndReason): void;
  /** Ends at a random moment within `ms` milliseconds, so that not all streams do so at once. */
  endWithin(ms: number, reason: EndReason): void;
}

/** Streams end before this fraction of the isolate's limit, because `beforeunload` comes at 90 %. */
const USABLE_FRACTION = 0.88;
/**
 * The platform sends an isolate no new requests after half of its limit. A stream that is opened
 * later counts as one that was opened then: most likely the real limit is longer than the announced
 * one, and if it isn't, `beforeunload` still ends the stream in time.
 */
const LAST_REQUEST_FRACTION = 0.5;
/** Ends before the token does, so that Realtime need not close the channel under us. */
const EXPIRY_MARGIN_MS = { min: 5_000, max: 15_000 };
/** A token that is about to expire still gets a stream that can make some progress. */
const MIN_STREAM_MS = 1_000;

/**
 * One stream's lifetime. Everything that belongs to the stream listens to its signal, and nothing
 * else.
 *
 * @param expiresAt When the caller's token ends, in milliseconds since the Unix epoch.
 */
export function createLifetime(
  expiresAt: number,
  options: { isolate: Isolate; clock: Clock; random: () => number },
): Lifetime {
  const { isolate, clock, random } = options;
  const controller = new AbortController();
  const { signal } = controller;
  const end = (reason: EndReason) => controller.abort(reason);
  const endAfter = (ms: number, reason: EndReason) => {
    if (signal.aborted) return;
    const cancel = clock.after(ms, () => end(reason));
    signal.addEventListener("abort", cancel, { once: true });
  };

  const { min, max } = EXPIRY_MARGIN_MS;
  const tokenLeft = expiresAt - clock.now() - (min + (max - min) * random());
  endAfter(Math.max(tokenLeft, MIN_STREAM_MS), "token-expired");
  if (Number.isFinite(isolate.limitMs)) {
    // Spread over what is left, or all streams of an isolate would move to the next one at once.
    endAfter(usableTime(isolate, clock.now()) * (0.25 + 0.7 * random()), "max-duration");
  }
  const onShutdown = () => end("shutdown");
  if (isolate.shutdown.aborted) onShutdown();
  else isolate.shutdown.addEventListener("abort", onShutdown, { signal });
  let isEnding = false;
  const endWithin = (ms: number, reason: EndReason) => {
    // Once: the earliest of several random moments would not be spread.
    if (!isEnding) endAfter(ms * random(), reason);
    isEnding = true;
  };
  return { signal, end, endWithin };
}

/** Milliseconds that the isolate has left for a stream which opens now. */
function usableTime({ startedAt, limitMs }: Isolate, now: number): number {
  const age = now - startedAt;
  // It has outlived its limit, so that nothing is known of how long it lives.
  const knownAge = age < limitMs ? age : 0;
  return limitMs * USABLE_FRACTION - Math.min(knownAge, limitMs * LAST_REQUEST_FRACTION);
}
