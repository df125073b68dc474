import type { Caller } from "../auth/authenticate.ts";
import { type CatchUpOutcome, CatchUpSchedule } from "./catch_up_schedule.ts";
import { ChangesError } from "../database/changes_error.ts";
import type { ChangesPage } from "../database/changes_since.ts";
import type { SharedChangesSince } from "../database/share_changes_since.ts";
import type { Clock } from "../clock.ts";
import { Deafness } from "./deafness.ts";
import type { FileChange } from "../database/file_change.ts";
import type { FeedMessage, FeedSubscription, FileFeed } from "./file_feed.ts";
import type { Lifetime } from "./lifetime.ts";
import { jitter } from "../jitter.ts";
import type { Log } from "../log.ts";
import type { Outbox } from "./outbox.ts";
import { RevisionMemory } from "./revision_memory.ts";
import type { StreamParameters } from "../http/stream_parameters.ts";

export interface SynchronizerOptions {
  readonly feed: FileFeed;
  readonly changesSince: SharedChangesSince;
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
/** Between catch-ups that are asked for, in milliseconds: a burst of hints makes no burst of them. */
const MIN_DISTANCE_MS = 250;
/** The time within which streams end whose tokens the database refuses. */
const TOKEN_END_SPREAD_MS = 5_000;

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
  #liveChanges: "before first page" | "passing" | "overflowed" = "before first page";
  /** Live changes since the catch-up under way began: left to it, and put into the outbox. */
  #leftToCatchUp = false;
  #passed = false;
  /** Counts the times that the feed went live or down. */
  #feedEra = 0;
  #feedIsLive = false;
  /** The era in which a complete catch-up began: what later ones find in it, the feed has missed. */
  #caughtUpEra = 0;

  /** A hint has come since the last catch-up began. */
  #hinted = false;
  /** A hint asked for what the catch-up under way finds: the feed does not owe it. */
  #runIsHinted = false;

  #wanted = false;
  #running = false;
  #lastRunAt = -Infinity;
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
    // A feed that others have made live has asked for it already.
    if (!this.#running) this.#requestCatchUp();
  }

  #receive(message: FeedMessage): void {
    if (this.#signal.aborted) return;
    switch (message.kind) {
      case "change":
        return this.#receiveChange(message.change);
      case "hint":
        this.#deafness.reset();
        this.#hinted = this.#runIsHinted = true;
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
    this.#schedule.arrived();
    this.#deafness.arrived(change);
    if (this.#fileIds && !this.#fileIds.has(change.id)) return;
    if (this.#liveChanges !== "passing") {
      this.#leftToCatchUp = true;
      return;
    }
    const verdict = this.#memory.judge(change);
    if (verdict === "uncertain") this.#requestCatchUp();
    if (verdict !== "new") return;
    this.#passed = true;
    this.#send(change);
  }

  /** @returns Whether there was room for it. */
  #send(change: FileChange): boolean {
    this.#memory.remember(change);
    this.#outbox.putChange(change);
    if (this.#schedule.sent(change)) this.#arm();
    if (this.#outbox.fileCount <= this.#maxFiles) return true;
    this.#overflow();
    return false;
  }

  /** Too much waits for a slow client: it is caught up again from the last cursor it was sent. */
  #overflow(): void {
    this.#liveChanges = "overflowed";
    this.#memory.forgetAll();
    this.#outbox.rewind();
    this.#requestCatchUp();
  }

  /** One run at a time, with some distance; a request during a run starts another afterwards. */
  #requestCatchUp(): void {
    this.#wanted = true;
    if (this.#running || this.#signal.aborted) return;
    const { clock, random } = this.#options;
    const wait = this.#lastRunAt + jitter(MIN_DISTANCE_MS, random) - clock.now();
    if (wait > 0) this.#setTimer(wait, () => void this.#run());
    else void this.#run();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { clock, log, labels } = this.#options;
    this.#cancelTimer();
    this.#running = true;
    this.#wanted = false;
    let outcome: CatchUpOutcome;
    try {
      outcome = await this.#catchUp() ? "found" : "nothing";
    } catch (error) {
      outcome = this.#fail(error);
      // The next catch-up finds what the hint was about.
      this.#hinted ||= this.#runIsHinted;
    }
    this.#running = false;
    this.#lastRunAt = clock.now();
    this.#schedule.ended(outcome);
    if (this.#deafness.judge(this.#lastRunAt)) {
      log("warn", "feed is deaf, rejoining", labels);
      this.#subscription?.rejoin();
    }
    if (this.#wanted) this.#requestCatchUp();
    else this.#arm();
  }

  /** A catch-up has failed. Ends the stream if all that follow would fail too. */
  #fail(error: unknown): CatchUpOutcome {
    const { lifetime, log, labels } = this.#options;
    if (!(error instanceof ChangesError)) {
      if (!this.#signal.aborted) {
        log("warn", "catch-up failed", { ...labels, error: String(error) });
      }
      return "failed";
    }
    // The database's own answers are logged once for all streams.
    const { kind, end } = error.fault;
    // A new key concerns all streams at once, and each client then needs a new token.
    if (end === "token-expired") lifetime.endWithin(TOKEN_END_SPREAD_MS, end);
    if (end === "setup-required") lifetime.end(end);
    return kind === "unavailable" ? "failed" : "refused";
  }

  /** @returns Whether there were changes that the client lacked. */
  async #catchUp(): Promise<boolean> {
    const era = this.#feedEra;
    this.#leftToCatchUp = this.#passed = false;
    this.#runIsHinted = this.#hinted;
    this.#hinted = false;
    let found = false;
    for (let isCurrent = false; !isCurrent;) {
      await this.#outbox.flushed();
      if (this.#signal.aborted) return found;
      const { timesForgotten } = this.#memory;
      const page = await this.#ask();
      if (this.#signal.aborted) return found;
      // Discard the page: sent revisions were forgotten while it was loading, so we cannot tell
      // whether it is newer; or the cursor that it follows was dropped.
      if (timesForgotten !== this.#memory.timesForgotten) continue;
      const lacking = this.#apply(page);
      found ||= lacking.found;
      // Files that changed while pages were read, on this connection or an earlier one, are not
      // among them: another run brings them.
      isCurrent = page.current && lacking.sent;
    }
    this.#memory.endRun();
    this.#liveChanges = "passing";
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
      { signal: this.#signal },
    );
  }

  /** @returns Whether there were changes that the client lacked, and whether all of them had room. */
  #apply(page: ChangesPage): { found: boolean; sent: boolean } {
    if (page.reset) this.#reset();
    this.#memory.beginRun(page.coverage);
    // All are judged before any is sent, for sending makes the memory forget.
    const lacking = page.changes.filter((change) => this.#memory.lacks(change));
    const certain = lacking.filter((change) => !this.#memory.mayHaveForgotten(change));
    if (this.#liveChanges === "before first page") {
      this.#liveChanges = "passing";
      // What an earlier connection has sent, this one can't know.
      if (!page.reset) this.#memory.assumeSent(page.revision);
    }
    if (this.#feedIsLive && !this.#runIsHinted && this.#caughtUpEra === this.#feedEra) {
      const now = this.#options.clock.now();
      for (const change of certain) this.#deafness.found(change, now);
    }
    const found = certain.length > 0;
    const sent = lacking.every((change) => this.#send(change));
    if (sent) this.#outbox.advance(page.cursor);
    return { found, sent };
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

  /** Sets the timer of the next catch-up, unless one is under way or wanted. */
  #arm(): void {
    if (this.#running || this.#wanted) return;
    const { clock, catchUpMs } = this.#options;
    const delay = this.#schedule.delay();
    const wait = (ms: number) => {
      this.#setTimer(ms, () => {
        const now = clock.now();
        const quietFor = now - this.#lastArrivalAt;
        // While changes arrive there is no hurry.
        const canWait = !this.#schedule.isRetry && now - this.#lastRunAt < catchUpMs;
        if (canWait && quietFor < delay) wait(delay - quietFor);
        else this.#requestCatchUp();
      });
    };
    wait(delay);
  }

  #setTimer(ms: number, callback: () => void): void {
    this.#cancelTimer();
    if (!this.#signal.aborted) this.#cancelTimer = this.#options.clock.after(ms, callback);
  }
}
