import type { FileChange } from "./file_change.ts";
import { jitter } from "../jitter.ts";

/** The first interval while changes are expected and none arrive, in milliseconds. */
const FAST_MS = 5_000;
/** The first interval after a catch-up that failed, in milliseconds. */
const RETRY_MS = 1_000;
/**
 * The first interval after a catch-up that was refused, in milliseconds. Even with jitter it is
 * longer than the five seconds for which a refusal must last before it ends the stream.
 */
const REFUSED_RETRY_MS = 7_500;
const MAX_TRACKED = 1000;

export type CatchUpOutcome =
  /** It returned changes that the client lacked. */
  | "found"
  /** It returned no such changes. */
  | "nothing"
  /** There was no answer, or an error that may end by itself. */
  | "failed"
  /** The database refused to answer and would most likely do so again. */
  | "refused";

/**
 * Calculates how long to wait for the next catch-up:
 * - 1 s after a catch-up that failed, 7.5 s after one that was refused;
 * - otherwise 5 s while the feed is down, or while a file is in progress and no change arrives;
 * - otherwise the ordinary interval.
 *
 * The short intervals double while catch-ups find nothing or keep failing, up to the ordinary
 * interval. All intervals are jittered.
 */
export class CatchUpSchedule {
  /**
   * The ids of files in progress, at most 1,000. What matters is whether there are any. Most streams
   * have none.
   */
  #inProgress: Set<string> | undefined;
  readonly #options: { catchUpMs: number; random: () => number };
  #feedIsLive = false;
  /** How the last catch-up failed; `undefined` if it did not. */
  #failure: "failed" | "refused" | undefined;
  /** Catch-ups in a row that found nothing or failed again. Each doubles the short interval. */
  #withoutResult = 0;

  /** @param options.catchUpMs The ordinary interval. */
  constructor(options: { catchUpMs: number; random: () => number }) {
    this.#options = options;
  }

  /** Whether the short interval applies: the feed may fail to deliver changes that are expected. */
  get #urgent(): boolean {
    return !this.#feedIsLive || this.isRetry || (this.#inProgress?.size ?? 0) > 0;
  }

  /** @returns Whether the short interval applies now and did not before. */
  feedChanged(live: boolean): boolean {
    const wasUrgent = this.#urgent;
    if (live !== this.#feedIsLive) this.#withoutResult = 0;
    this.#feedIsLive = live;
    return this.#urgent && !wasUrgent;
  }

  /** The feed has delivered a change or a ping. */
  feedDelivered(): void {
    if (!this.isRetry) this.#withoutResult = 0;
  }

  /** A change has been put into the outbox. @returns As for {@linkcode feedChanged}. */
  sent(change: FileChange): boolean {
    const wasUrgent = this.#urgent;
    const inProgress = !change.deleted && !change.isFinal;
    if (!inProgress) this.#inProgress?.delete(change.id);
    else if ((this.#inProgress ??= new Set()).size < MAX_TRACKED) this.#inProgress.add(change.id);
    return this.#urgent && !wasUrgent;
  }

  /** A catch-up has ended. */
  ended(outcome: CatchUpOutcome): void {
    const failure = outcome === "failed" || outcome === "refused" ? outcome : undefined;
    const isFirstFailure = failure !== undefined && failure !== this.#failure;
    this.#withoutResult = outcome === "found" || isFirstFailure ? 0 : this.#withoutResult + 1;
    this.#failure = failure;
  }

  /** The client will be sent a reset and forget its files. */
  reset(): void {
    this.#inProgress = undefined;
  }

  /** Whether the next catch-up repeats one that failed or was refused. */
  get isRetry(): boolean {
    return this.#failure !== undefined;
  }

  /** Milliseconds from the last catch-up or live change to the next catch-up. */
  delay(): number {
    const { catchUpMs, random } = this.#options;
    const first = { failed: RETRY_MS, refused: REFUSED_RETRY_MS, none: FAST_MS }[
      this.#failure ?? "none"
    ];
    const urgent = Math.min(first * 2 ** Math.min(this.#withoutResult, 20), catchUpMs);
    return jitter(this.#urgent ? urgent : catchUpMs, random);
  }
}
