import { type CatchUpOutcome, CatchUpSchedule } from "./catch_up_schedule.ts";
import type { Clock } from "../clock.ts";
import type { FileChange } from "./file_change.ts";
import { jitter } from "../jitter.ts";

export interface CatchUpLoopOptions {
  /** Runs one catch-up. It must not reject. */
  readonly run: () => Promise<CatchUpOutcome>;
  /** Milliseconds between catch-ups while nothing requests one sooner. */
  readonly catchUpMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Ends the loop. */
  readonly signal: AbortSignal;
}

/** Before jitter, in milliseconds: many requests in a short time cost few catch-ups. */
const MIN_DISTANCE_MS = 250;

/** Decides when catch-ups run: one at a time, on request, after a failure, and now and then. */
export class CatchUpLoop {
  readonly #options: CatchUpLoopOptions;
  readonly #schedule: CatchUpSchedule;
  /** A catch-up was requested that has not begun. */
  #isRequested = false;
  #isRunning = false;
  /** When the last catch-up ended and when the last live change arrived, in milliseconds. */
  #lastRunAt = -Infinity;
  #lastArrivalAt = 0;
  #cancelTimer = () => {};

  constructor(options: CatchUpLoopOptions) {
    this.#options = options;
    const { catchUpMs: maxMs, random, signal } = options;
    this.#schedule = new CatchUpSchedule({ maxMs, random });
    signal.addEventListener("abort", () => this.#cancelTimer(), { once: true });
  }

  /** Requests the first catch-up, unless one runs already. */
  begin(): void {
    if (!this.#isRunning) this.request();
  }

  /** Runs a catch-up as soon as possible. During a run, another one follows. */
  request(): void {
    this.#isRequested = true;
    const { clock, random, signal } = this.#options;
    if (this.#isRunning || signal.aborted) return;
    const wait = this.#lastRunAt + jitter(MIN_DISTANCE_MS, random) - clock.now();
    if (wait > 0) this.#setTimer(wait, () => void this.#run());
    else void this.#run();
  }

  feedChanged({ live }: { live: boolean }): void {
    if (this.#schedule.feedChanged(live)) this.#arm();
  }

  /** The feed has brought a change. */
  feedBrought(): void {
    this.#lastArrivalAt = this.#options.clock.now();
    this.#schedule.feedBrought();
  }

  /** A change is sent to the client. */
  sent(change: FileChange): void {
    if (this.#schedule.sent(change)) this.#arm();
  }

  /** The client is told to forget its files. */
  reset(): void {
    this.#schedule.reset();
  }

  async #run(): Promise<void> {
    this.#cancelTimer();
    this.#isRunning = true;
    this.#isRequested = false;
    const outcome = await this.#options.run();
    this.#isRunning = false;
    this.#lastRunAt = this.#options.clock.now();
    this.#schedule.ended(outcome);
    if (this.#isRequested) this.request();
    else this.#arm();
  }

  /** Sets the timer of the next catch-up, unless one runs or is requested. */
  #arm(): void {
    if (this.#isRunning || this.#isRequested) return;
    const { clock, catchUpMs } = this.#options;
    const delay = this.#schedule.delay();
    const wait = (ms: number) => {
      this.#setTimer(ms, () => {
        const now = clock.now();
        const quietFor = now - this.#lastArrivalAt;
        // There is no hurry while changes arrive, unless the last catch-up has failed.
        const canWait = !this.#schedule.isRetry && now - this.#lastRunAt < catchUpMs;
        if (canWait && quietFor < delay) wait(delay - quietFor);
        else this.request();
      });
    };
    wait(delay);
  }

  #setTimer(ms: number, callback: () => void): void {
    this.#cancelTimer();
    const { clock, signal } = this.#options;
    if (!signal.aborted) this.#cancelTimer = clock.after(ms, callback);
  }
}
