import { type CatchUpOutcome, CatchUpSchedule } from "./catch_up_schedule.ts";
import type { Clock } from "../clock.ts";
import type { FileChange } from "./file_change.ts";
import { jitter } from "../jitter.ts";

/** What a loop runs. */
export interface CatchUpRunner {
  /**
   * Runs one catch-up. It must call {@linkcode CatchUpLoop.queryBegan} when its first query begins.
   * It must not reject.
   */
  run(): Promise<CatchUpOutcome>;
  /** Called after each catch-up, before the next one is scheduled. */
  onEnded(outcome: CatchUpOutcome): void;
}

export interface CatchUpLoopOptions {
  /** Milliseconds between catch-ups while nothing requests one sooner. */
  readonly catchUpMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * The shortest time from the end of a catch-up to the start of the next, in milliseconds before
 * jitter. It keeps many requests in a short time from causing as many catch-ups.
 */
const MIN_DISTANCE_MS = 250;
/** How long the first catch-up waits for the feed, in milliseconds. */
const MAX_WAIT_FOR_FEED_MS = 150;

/** Decides when catch-ups run, one at a time: on request, after a failure, and at intervals. */
export class CatchUpLoop {
  readonly #runner: CatchUpRunner;
  readonly #options: CatchUpLoopOptions;
  readonly #schedule: CatchUpSchedule;
  #isStopped = false;
  /** A catch-up has been requested. None that runs satisfies the request. */
  #isRequested = false;
  /**
   * - "idle": no catch-up runs.
   * - "waiting": one runs, and its first query has not begun. It satisfies every request.
   * - "querying": one runs, and its answer may lack what has changed since. A request needs another.
   */
  #state: "idle" | "waiting" | "querying" = "idle";
  /** When the last catch-up ended, in milliseconds. */
  #lastEndedAt = -Infinity;
  /** When the last live change or ping arrived, in milliseconds. */
  #lastArrivalAt = 0;
  #cancelTimer: (() => void) | undefined;
  /** The interval that the timer was set for, in milliseconds. It begins anew with a live change. */
  #delay = 0;

  constructor(runner: CatchUpRunner, options: CatchUpLoopOptions) {
    this.#runner = runner;
    this.#options = options;
    this.#schedule = new CatchUpSchedule(options);
  }

  /**
   * Requests the first catch-up, unless one is running already.
   *
   * @param options.waitForFeed Whether the feed will be live in a moment, and then requests the
   * catch-up. Without the wait, that would be the second one.
   */
  begin({ waitForFeed }: { waitForFeed: boolean }): void {
    if (this.#state !== "idle") return;
    if (waitForFeed) this.#setTimer(MAX_WAIT_FOR_FEED_MS, () => this.request());
    else this.request();
  }

  /**
   * Runs a catch-up as soon as possible. If one is running whose first query has begun, another one
   * follows it.
   */
  request(): void {
    if (this.#state === "waiting") return;
    this.#isRequested = true;
    const { clock, random } = this.#options;
    if (this.#state === "querying" || this.#isStopped) return;
    const wait = this.#lastEndedAt + jitter(MIN_DISTANCE_MS, random) - clock.now();
    if (wait > 0) this.#setTimer(wait, () => void this.#run());
    else void this.#run();
  }

  /** The first query of the catch-up begins. What is committed from now on may be missing in it. */
  queryBegan(): void {
    this.#state = "querying";
  }

  feedChanged({ live }: { live: boolean }): void {
    if (this.#schedule.feedChanged(live)) this.#arm();
  }

  /** The feed has delivered a change or a ping. */
  feedDelivered(): void {
    this.#lastArrivalAt = this.#options.clock.now();
    this.#schedule.feedDelivered();
  }

  /** A change has been put into the outbox. */
  sent(change: FileChange): void {
    if (this.#schedule.sent(change)) this.#arm();
  }

  /** The client will be sent a reset and forget its files. */
  reset(): void {
    this.#schedule.reset();
  }

  /** Ends the loop. A catch-up that runs is the last one. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }

  async #run(): Promise<void> {
    this.#cancelTimer?.();
    this.#state = "waiting";
    this.#isRequested = false;
    let outcome: CatchUpOutcome = "failed";
    try {
      outcome = await this.#runner.run();
    } finally {
      // Also if `run` rejects, because otherwise no catch-up would ever run again.
      this.#state = "idle";
      this.#lastEndedAt = this.#options.clock.now();
      this.#schedule.ended(outcome);
      this.#runner.onEnded(outcome);
      if (this.#isRequested) this.request();
      else this.#arm();
    }
  }

  /** Sets the timer of the next catch-up, unless one is running or requested. */
  #arm(): void {
    if (this.#state !== "idle" || this.#isRequested) return;
    this.#delay = this.#schedule.delay();
    this.#setTimer(this.#delay, () => this.#onTimer());
  }

  #onTimer(): void {
    const { clock, catchUpMs } = this.#options;
    const now = clock.now();
    const left = this.#lastArrivalAt + this.#delay - now;
    // While live changes arrive, the catch-up can wait, unless the last one has failed.
    const canWait = !this.#schedule.isRetry && now - this.#lastEndedAt < catchUpMs;
    if (canWait && left > 0) this.#setTimer(left, () => this.#onTimer());
    else this.request();
  }

  #setTimer(ms: number, callback: () => void): void {
    this.#cancelTimer?.();
    if (!this.#isStopped) this.#cancelTimer = this.#options.clock.after(ms, callback);
  }
}
