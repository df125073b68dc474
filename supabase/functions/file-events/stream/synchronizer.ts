import type { Caller } from "../auth/authenticate.ts";
import { CatchUpSchedule } from "./catch_up_schedule.ts";
import type { ChangesPage, ChangesSince } from "../database/changes_since.ts";
import type { Clock } from "../clock.ts";
import { Deafness } from "./deafness.ts";
import type { FileChange } from "../database/file_change.ts";
import type { FeedMessage, FeedSubscription, FileFeed } from "./file_feed.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Log } from "../log.ts";
import type { Outbox } from "./outbox.ts";
import { RevisionMemory } from "./revision_memory.ts";
import type { StreamParameters } from "../http/stream_parameters.ts";

export interface SynchronizerOptions {
  readonly feed: FileFeed;
  readonly changesSince: ChangesSince;
  /** Milliseconds between catch-ups while nothing calls for one sooner. */
  readonly catchUpMs: number;
  /**
   * Files that may wait for a client before it is served from the database, at its own pace; also
   * those whose revisions are remembered. More than a page of changes has. 1,000 by default.
   */
  readonly maxFiles?: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

interface StreamContext {
  readonly outbox: Outbox;
  readonly lifetime: Lifetime;
  /** What names this stream in the log. */
  readonly labels: Record<string, unknown>;
}

const MAX_FILES = 1000;

/**
 * Fills a stream's outbox: with what the feed brings, for speed, and with what the database says
 * has changed since the cursor (a catch-up), for truth. `docs/design.md` says why that is right.
 */
export class Synchronizer {
  readonly #caller: Caller;
  readonly #parameters: StreamParameters;
  readonly #options: SynchronizerOptions & StreamContext;
  readonly #outbox: Outbox;
  readonly #signal: AbortSignal;
  readonly #fileIds: ReadonlySet<string> | null;
  readonly #maxFiles: number;
  readonly #memory: RevisionMemory;
  readonly #deafness = new Deafness();
  readonly #schedule: CatchUpSchedule;
  #subscription: FeedSubscription | undefined;

  /**
   * Whether live changes are left to the catch-up: before its first page, for what comes earlier
   * would be reset; and after an overflow, until the client has caught up.
   */
  #live: "before first page" | "passing" | "overflowed" = "before first page";
  /** Live changes since the catch-up under way began: left to it, and put into the outbox. */
  #leftToCatchUp = false;
  #passed = false;
  #overflows = 0;
  /** Counts the times that the feed went live or down. */
  #feedEra = 0;
  #feedIsLive = false;
  /** The era in which a complete catch-up began: what later ones find in it, the feed has missed. */
  #caughtUpEra = 0;

  #wanted = false;
  #running = false;
  #lastRunAt = 0;
  #lastArrivalAt = 0;
  #cancelTimer = () => {};

  constructor(
    caller: Caller,
    parameters: StreamParameters,
    options: SynchronizerOptions & StreamContext,
  ) {
    this.#caller = caller;
    this.#parameters = parameters;
    this.#options = options;
    this.#outbox = options.outbox;
    this.#signal = options.lifetime.signal;
    this.#fileIds = parameters.fileIds && new Set(parameters.fileIds);
    this.#maxFiles = options.maxFiles ?? MAX_FILES;
    this.#memory = new RevisionMemory(this.#maxFiles);
    this.#schedule = new CatchUpSchedule({ maxMs: options.catchUpMs, random: options.random });
  }

  /** Works until the stream's lifetime ends. */
  start(): void {
    this.#signal.addEventListener("abort", () => this.#cancelTimer(), { once: true });
    this.#subscription = this.#options.feed(
      this.#caller,
      (message) => this.#receive(message),
      { signal: this.#signal },
    );
    this.#requestCatchUp();
  }

  #receive(message: FeedMessage): void {
    if (this.#signal.aborted) return;
    switch (message.kind) {
      case "change":
        return this.#receiveChange(message.change);
      case "hint":
        return this.#requestCatchUp();
      case "live":
        this.#setFeed({ live: true });
        return this.#requestCatchUp();
      case "down":
        return this.#setFeed({ live: false });
    }
  }

  #setFeed({ live }: { live: boolean }): void {
    this.#feedEra++;
    this.#feedIsLive = live;
    this.#deafness.reset();
    if (this.#schedule.feed(live)) this.#arm();
  }

  #receiveChange(change: FileChange): void {
    this.#lastArrivalAt = this.#options.clock.now();
    this.#deafness.arrived(change);
    if (this.#fileIds && !this.#fileIds.has(change.id)) return;
    if (this.#live !== "passing") {
      this.#leftToCatchUp = true;
      return;
    }
    const verdict = this.#memory.judge(change);
    if (verdict === "uncertain") this.#requestCatchUp();
    if (verdict !== "new") return;
    this.#passed = true;
    this.#send(change);
  }

  #send(change: FileChange): void {
    this.#memory.remember(change);
    this.#outbox.putChange(change);
    if (this.#schedule.sent(change)) this.#arm();
    if (this.#outbox.fileCount > this.#maxFiles) this.#overflow();
  }

  /** Too much waits for a slow client: it is caught up again from the last cursor it was sent. */
  #overflow(): void {
    this.#overflows++;
    this.#live = "overflowed";
    this.#memory.forgetAll();
    this.#outbox.clear();
    this.#requestCatchUp();
  }

  #requestCatchUp(): void {
    this.#wanted = true;
    if (!this.#running) void this.#catchUpWhileWanted();
  }

  /** One run at a time; a request during a run starts another afterwards. Never rejects. */
  async #catchUpWhileWanted(): Promise<void> {
    const { clock, log, labels } = this.#options;
    this.#running = true;
    this.#cancelTimer();
    while (this.#wanted && !this.#signal.aborted) {
      this.#wanted = false;
      let found = false;
      try {
        found = await this.#catchUp();
      } catch (error) {
        if (!this.#signal.aborted) {
          log("warn", "catch-up failed", { ...labels, error: String(error) });
        }
      }
      this.#schedule.ended({ found });
    }
    this.#running = false;
    this.#lastRunAt = clock.now();
    if (this.#deafness.judge(this.#lastRunAt)) {
      log("warn", "feed is deaf, rejoining", labels);
      this.#subscription?.rejoin();
    }
    this.#arm();
  }

  /** @returns Whether there were changes that the client lacked. */
  async #catchUp(): Promise<boolean> {
    const era = this.#feedEra;
    this.#leftToCatchUp = this.#passed = false;
    let found = false;
    let more = true;
    while (more) {
      await this.#outbox.drained();
      if (this.#signal.aborted) return found;
      const { timesForgotten } = this.#memory;
      const page = await this.#ask();
      if (this.#signal.aborted) return found;
      // The page may be older than what was sent meanwhile, or follow a cursor that won't be sent.
      if (timesForgotten !== this.#memory.timesForgotten) continue;
      const overflows = this.#overflows;
      found = this.#apply(page) || found;
      more = page.more || overflows !== this.#overflows;
    }
    this.#memory.endRun();
    this.#live = "passing";
    this.#caughtUpEra = era;
    if (this.#leftToCatchUp) this.#wanted = true;
    this.#outbox.putReady();
    return found;
  }

  #ask(): Promise<ChangesPage> {
    const { fileIds, snapshot } = this.#parameters;
    return this.#options.changesSince(
      this.#caller,
      { since: this.#outbox.cursor, fileIds, snapshot },
    );
  }

  /** @returns Whether the page had changes that the client lacked. */
  #apply(page: ChangesPage): boolean {
    if (page.reset) this.#reset();
    if (this.#live === "before first page") {
      this.#live = "passing";
      // What an earlier connection has sent, this one can't know.
      if (!page.reset) this.#memory.assumeSent(page.revision);
    }
    this.#memory.beginRun(page.horizon);
    // All are judged before any is sent, for sending makes the memory forget.
    const lacking = page.changes.filter((change) => this.#memory.lacks(change));
    const owed = this.#feedIsLive && this.#caughtUpEra === this.#feedEra;
    const overflows = this.#overflows;
    for (const change of lacking) {
      if (owed) this.#deafness.found(change, this.#options.clock.now());
      this.#send(change);
      if (overflows !== this.#overflows) return true;
    }
    this.#outbox.advance(page.cursor);
    return lacking.length > 0;
  }

  #reset(): void {
    if (!this.#parameters.snapshot && this.#outbox.readyTaken) {
      // Only `ready` tells such a client to load its list again, and it comes once a connection.
      this.#options.lifetime.end("max-duration");
    }
    this.#memory.reset();
    this.#schedule.clear();
    this.#outbox.putReset();
    // The page may be older than a live change that the reset has just made void.
    if (this.#passed) this.#wanted = true;
  }

  /** Sets the timer of the next catch-up. */
  #arm(): void {
    this.#cancelTimer();
    if (this.#signal.aborted || this.#running) return;
    const { clock, catchUpMs } = this.#options;
    const delay = this.#schedule.delay();
    const wait = (ms: number) => {
      this.#cancelTimer = clock.after(ms, () => {
        const now = clock.now();
        const quietFor = now - this.#lastArrivalAt;
        // While changes arrive there is no hurry.
        if (quietFor < delay && now - this.#lastRunAt < catchUpMs) wait(delay - quietFor);
        else this.#requestCatchUp();
      });
    };
    wait(delay);
  }
}
