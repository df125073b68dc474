import type { Clock } from "../clock.ts";

/** Why a stream ends. */
export type EndReason =
  | "token-expired"
  | "max-duration"
  | "shutdown"
  | "slow-consumer"
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
}

/** Of the isolate's limit; `beforeunload` comes at 90 %. */
const LAST_MOMENT = 0.88;
/** Ends before the token does, so that Realtime need not close the channel under us. */
const EXPIRY_MARGIN_MS = { min: 5_000, max: 15_000 };
/** A stream has at least this, so that it can make some progress. */
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
    const cancel = clock.after(Math.max(ms, MIN_STREAM_MS), () => end(reason));
    signal.addEventListener("abort", cancel, { once: true });
  };

  const { min, max } = EXPIRY_MARGIN_MS;
  endAfter(expiresAt - clock.now() - (min + (max - min) * random()), "token-expired");
  if (Number.isFinite(isolate.limitMs)) {
    const left = isolate.startedAt + isolate.limitMs * LAST_MOMENT - clock.now();
    // Spread over what is left, or all streams of an isolate would move to the next one at once.
    endAfter(left * (0.25 + 0.7 * random()), "max-duration");
  }
  const onShutdown = () => end("shutdown");
  if (isolate.shutdown.aborted) onShutdown();
  else isolate.shutdown.addEventListener("abort", onShutdown, { signal });
  return { signal, end };
}
