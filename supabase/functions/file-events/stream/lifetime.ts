import type { Clock } from "../clock.ts";

/** Why a stream ends. */
export type EndReason =
  /** The token expires soon, or the database refuses it. */
  | "token-expired"
  /** The platform ends the isolate soon. */
  | "max-duration"
  /** A client that loads its own list of files must load it again. */
  | "resync"
  /** The platform ends the isolate now. */
  | "shutdown"
  /** The client has read nothing for two heartbeats. */
  | "slow-consumer"
  /** The database cannot serve streams until its operator acts. */
  | "setup-required"
  /** The client has left. */
  | "cancelled"
  /** The answer to a poll has left, or its client has. */
  | "answered";

/** The isolate that the streams run in. */
export interface Isolate {
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** How long the platform lets the isolate run, in milliseconds; `Infinity` if that is unknown. */
  readonly limitMs: number;
  /** Aborts when the isolate is about to end. */
  readonly shutdown: AbortSignal;
}

/** Streams end before this fraction of the isolate's limit: `beforeunload` fires at 90 %. */
const USABLE_FRACTION = 0.88;
/**
 * The platform sends an isolate no new requests after this fraction of its limit. If a stream is
 * opened later, the real limit is most likely longer than the configured one. So the stream lasts
 * as long as if it were opened at this fraction. If not, `beforeunload` still ends it in time.
 */
const LAST_REQUEST_FRACTION = 0.5;
/**
 * A stream ends this long before its token expires, in milliseconds, because Realtime closes a
 * channel whose token has expired.
 */
const EXPIRY_MARGIN_MS = { min: 5_000, max: 15_000 };
/** A stream whose token expires soon still lasts this long, so that it can make some progress. */
const MIN_STREAM_MS = 1_000;

export interface LifetimeOptions {
  readonly isolate: Isolate;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The lifetime of one stream. Its signal alone ends everything that belongs to the stream. */
export class Lifetime {
  readonly #options: LifetimeOptions;
  readonly #controller = new AbortController();
  #cancelEnd: (() => void) | undefined;
  /** Set once `endWithin` has been called. */
  #cancelEarlyEnd: (() => void) | undefined;

  /** @param expiresAt When the caller's token expires, in milliseconds since the Unix epoch. */
  constructor(expiresAt: number, options: LifetimeOptions) {
    this.#options = options;
    const { isolate, clock, random } = options;
    if (isolate.shutdown.aborted) {
      this.end("shutdown");
      return;
    }
    const now = clock.now();
    const { min, max } = EXPIRY_MARGIN_MS;
    const tokenLeft = Math.max(expiresAt - now - (min + (max - min) * random()), MIN_STREAM_MS);
    // The ends are spread over the time that is left, so that not all streams reconnect at once.
    const isolateLeft = usableTime(isolate, now) * (0.25 + 0.7 * random());
    this.#cancelEnd = tokenLeft <= isolateLeft
      ? clock.after(tokenLeft, () => this.end("token-expired"))
      : clock.after(isolateLeft, () => this.end("max-duration"));
  }

  /** Aborts once, with an {@linkcode EndReason}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(reason: EndReason): void {
    this.#cancelEnd?.();
    this.#cancelEarlyEnd?.();
    this.#controller.abort(reason);
  }

  /** Ends at a random moment within `ms` milliseconds, so that not all streams end at once. */
  endWithin(ms: number, reason: EndReason): void {
    // Only the first call counts: the earliest of several random moments would not be well spread.
    if (this.#cancelEarlyEnd || this.signal.aborted) return;
    const { clock, random } = this.#options;
    this.#cancelEarlyEnd = clock.after(ms * random(), () => this.end(reason));
  }
}

/** How long the isolate can run a stream that is opened now, in milliseconds; maybe `Infinity`. */
function usableTime({ startedAt, limitMs }: Isolate, now: number): number {
  const age = now - startedAt;
  // An isolate that is older than its limit has another limit, which is not known.
  const knownAge = age < limitMs ? age : 0;
  return limitMs * USABLE_FRACTION - Math.min(knownAge, limitMs * LAST_REQUEST_FRACTION);
}
