import type { FileChange } from "../database/file_change.ts";
import { jitter } from "../jitter.ts";

/** The interval while changes are expected and none arrive, in milliseconds. */
const FAST_MS = 5_000;
/** While the last catch-up has failed. */
const RETRY_MS = 1_000;
const MAX_TRACKED = 1000;

/**
 * Says how long to wait for the next catch-up: 5 s while the feed is down, or while a file is in
 * progress and nothing arrives; 1 s after one that failed; doubling up to the ordinary interval
 * while that finds nothing or fails; else the ordinary interval. All jittered.
 */
export class CatchUpSchedule {
  /** The files being processed, at most 1,000; more make no difference. */
  readonly #inProgress = new Set<string>();
  readonly #options: { maxMs: number; random: () => number };
  #feedIsLive = false;
  #hasFailed = false;
  #fruitless = 0;

  /** @param options.maxMs The ordinary interval. */
  constructor(options: { maxMs: number; random: () => number }) {
    this.#options = options;
  }

  /** Whether changes are expected that may not arrive by themselves. */
  get #urgent(): boolean {
    return !this.#feedIsLive || this.#hasFailed || this.#inProgress.size > 0;
  }

  /** @returns Whether a wait under way may now be too long. */
  feed(live: boolean): boolean {
    const wasUrgent = this.#urgent;
    if (live !== this.#feedIsLive) this.#fruitless = 0;
    this.#feedIsLive = live;
    return this.#urgent && !wasUrgent;
  }

  /** The feed has brought a change. */
  arrived(): void {
    if (!this.#hasFailed) this.#fruitless = 0;
  }

  /** A change is sent. @returns As for {@linkcode feed}. */
  sent(change: FileChange): boolean {
    const wasUrgent = this.#urgent;
    const inProgress = !change.deleted &&
      (change.file.status === "pending" || change.file.status === "processing");
    if (!inProgress) this.#inProgress.delete(change.id);
    else if (this.#inProgress.size < MAX_TRACKED) this.#inProgress.add(change.id);
    return this.#urgent && !wasUrgent;
  }

  /** A catch-up has ended; `found` if it had changes that the client lacked. */
  ended(outcome: "found" | "nothing" | "failed"): void {
    const hasFailed = outcome === "failed";
    this.#fruitless = outcome === "found" || hasFailed && !this.#hasFailed
      ? 0
      : this.#fruitless + 1;
    this.#hasFailed = hasFailed;
  }

  /** All files are void. */
  clear(): void {
    this.#inProgress.clear();
  }

  /** Whether it is of no use to wait for live changes. */
  get isRetry(): boolean {
    return this.#hasFailed;
  }

  /** Milliseconds from the last catch-up or live change to the next catch-up. */
  delay(): number {
    const { maxMs, random } = this.#options;
    const first = this.#hasFailed ? RETRY_MS : FAST_MS;
    const urgent = Math.min(first * 2 ** Math.min(this.#fruitless, 20), maxMs);
    return jitter(this.#urgent ? urgent : maxMs, random);
  }
}
