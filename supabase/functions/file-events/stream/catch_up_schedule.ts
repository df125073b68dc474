import type { FileChange } from "./file_change.ts";
import { jitter } from "../jitter.ts";

/** The interval while changes are expected and none arrive, in milliseconds. */
const FAST_MS = 5_000;
/** The first interval after a catch-up that failed. */
const RETRY_MS = 1_000;
/**
 * The first interval after one that was refused. Even with jitter it is longer than the five seconds
 * for which a refusal must last before it counts.
 */
const REFUSED_RETRY_MS = 7_500;
const MAX_TRACKED = 1000;
/** A file with any other status is in progress, because tables have words of their own for that. */
const FINAL_STATUSES: ReadonlySet<string | null> = new Set(["ready", "failed", null]);

export type CatchUpOutcome =
  /** It had changes that the client lacked. */
  | "found"
  | "nothing"
  /** The database could not be asked. */
  | "failed"
  /** The database has answered that it won't tell, and would most likely say so again. */
  | "refused";

/**
 * Says how long to wait for the next catch-up: 5 s while the feed is down, or while a file is in
 * progress and nothing arrives; 1 s after one that failed, 7.5 s after one that was refused; doubling
 * up to the ordinary interval while that finds nothing or fails; else the ordinary interval. All
 * jittered.
 */
export class CatchUpSchedule {
  /** The files being processed, at most 1,000; more make no difference. */
  readonly #inProgress = new Set<string>();
  readonly #options: { maxMs: number; random: () => number };
  #feedIsLive = false;
  #failure: "failed" | "refused" | undefined;
  #fruitless = 0;

  /** @param options.maxMs The ordinary interval. */
  constructor(options: { maxMs: number; random: () => number }) {
    this.#options = options;
  }

  /** Whether changes are expected that may not arrive by themselves. */
  get #urgent(): boolean {
    return !this.#feedIsLive || this.isRetry || this.#inProgress.size > 0;
  }

  /** @returns Whether a wait under way may now be too long. */
  feedChanged(live: boolean): boolean {
    const wasUrgent = this.#urgent;
    if (live !== this.#feedIsLive) this.#fruitless = 0;
    this.#feedIsLive = live;
    return this.#urgent && !wasUrgent;
  }

  /** The feed has brought a change. */
  feedBrought(): void {
    if (!this.isRetry) this.#fruitless = 0;
  }

  /** A change is sent. @returns As for {@linkcode feedChanged}. */
  sent(change: FileChange): boolean {
    const wasUrgent = this.#urgent;
    const inProgress = !change.deleted && !FINAL_STATUSES.has(change.file.status);
    if (!inProgress) this.#inProgress.delete(change.id);
    else if (this.#inProgress.size < MAX_TRACKED) this.#inProgress.add(change.id);
    return this.#urgent && !wasUrgent;
  }

  /** A catch-up has ended. */
  ended(outcome: CatchUpOutcome): void {
    const failure = outcome === "failed" || outcome === "refused" ? outcome : undefined;
    const isFirstFailure = failure !== undefined && failure !== this.#failure;
    this.#fruitless = outcome === "found" || isFirstFailure ? 0 : this.#fruitless + 1;
    this.#failure = failure;
  }

  /** The client is told to forget its files. */
  reset(): void {
    this.#inProgress.clear();
  }

  /** Whether it is of no use to wait for live changes. */
  get isRetry(): boolean {
    return this.#failure !== undefined;
  }

  /** Milliseconds from the last catch-up or live change to the next catch-up. */
  delay(): number {
    const { maxMs, random } = this.#options;
    const first = { failed: RETRY_MS, refused: REFUSED_RETRY_MS, none: FAST_MS }[
      this.#failure ?? "none"
    ];
    const urgent = Math.min(first * 2 ** Math.min(this.#fruitless, 20), maxMs);
    return jitter(this.#urgent ? urgent : maxMs, random);
  }
}
