import type { Caller } from "./caller.ts";
import { CatchUpLoop } from "./catch_up_loop.ts";
import type { CatchUpOutcome } from "./catch_up_schedule.ts";
import { ChangesError, type ChangesSince } from "./changes_since.ts";
import type { Clock } from "../clock.ts";
import { DeafnessDetector } from "./deafness_detector.ts";
import type { FileChange } from "./file_change.ts";
import type { FeedMessage, FeedSubscription, FileFeed } from "./file_feed.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Log } from "../log.ts";
import { Merge } from "./merge.ts";
import type { Outbox } from "./outbox.ts";
import type { StreamParameters } from "./stream_parameters.ts";

export interface SynchronizerOptions {
  readonly feed: FileFeed;
  readonly changesSince: ChangesSince;
  /** Milliseconds between catch-ups while nothing requests one sooner. */
  readonly catchUpMs: number;
  /**
   * How many files may wait for a client. If there are more, all are dropped, and the client is
   * caught up as fast as it reads. This many revisions are remembered, too. It must be larger than
   * the number of changes in a page. 1,000 by default.
   */
  readonly maxFiles?: number;
  readonly clock: Clock;
  readonly random: () => number;
}

interface StreamContext {
  readonly outbox: Outbox;
  readonly lifetime: Lifetime;
  /** Identifies this stream in the log. */
  readonly labels: Record<string, unknown>;
  readonly log: Log;
}

const MAX_FILES = 1000;
/** How long a poll that is held collects changes before it queries them, in milliseconds. */
const COLLECT_MS = 100;
/** Streams whose tokens the database refuses end within this time, in milliseconds. */
const TOKEN_END_SPREAD_MS = 5_000;

/**
 * Fills a stream's outbox until the stream ends. Live changes come from the feed and are fast. A
 * catch-up queries the database for what has changed since the cursor, and is complete. This class
 * connects three parts which do not know each other: {@linkcode Merge} decides what is sent,
 * {@linkcode CatchUpLoop} when to query, {@linkcode DeafnessDetector} whether the feed still works.
 */
export class Synchronizer {
  readonly #caller: Caller;
  readonly #parameters: StreamParameters;
  readonly #stream: StreamContext;
  readonly #options: SynchronizerOptions;
  readonly #fileIds: ReadonlySet<string> | null;
  readonly #merge: Merge;
  readonly #detector = new DeafnessDetector();
  readonly #loop: CatchUpLoop;
  #subscription: FeedSubscription | undefined;
  /** The first query of the current or last catch-up has begun. */
  #hasBegun = false;
  /** Set while a poll collects changes. */
  #cancelCollecting: (() => void) | undefined;

  constructor(
    caller: Caller,
    parameters: StreamParameters,
    stream: StreamContext,
    options: SynchronizerOptions,
  ) {
    this.#caller = caller;
    this.#parameters = parameters;
    this.#stream = stream;
    this.#options = options;
    this.#fileIds = parameters.fileIds && new Set(parameters.fileIds);
    this.#merge = new Merge(stream.outbox, options.maxFiles ?? MAX_FILES);
    this.#loop = new CatchUpLoop(this, options);
  }

  /** Subscribes to the feed, until the stream's signal aborts, and begins to catch up. */
  start(): void {
    const { feed } = this.#options;
    const { signal } = this.#stream.lifetime;
    this.#subscription = feed(this.#caller, (message) => this.#receive(message), { signal });
    // If other streams share the feed and it is live, it has requested a catch-up already.
    this.#loop.begin({ waitForFeed: this.#subscription.isJoining });
  }

  /** The stream has ended. */
  stop(): void {
    this.#loop.stop();
    this.#cancelCollecting?.();
  }

  /** Runs a catch-up for the loop. Never rejects. */
  async run(): Promise<CatchUpOutcome> {
    this.#hasBegun = false;
    // The rest of a run of pages is as old as the run.
    if (this.#merge.isMidRun) this.#onBegin();
    try {
      return await this.#catchUp() ? "found" : "nothing";
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** The loop's catch-up has ended. */
  onEnded(outcome: CatchUpOutcome): void {
    const complete = outcome === "found" || outcome === "nothing";
    if (!this.#detector.endCatchUp({ complete, now: this.#options.clock.now() })) return;
    const { log, labels } = this.#stream;
    log("warn", "feed is deaf, rejoining", labels);
    this.#subscription?.rejoin();
  }

  #receive(message: FeedMessage): void {
    switch (message.kind) {
      case "change":
        return this.#receiveChange(message.change);
      case "hint":
        this.#detector.feedHinted();
        return this.#noteChange();
      // The changes follow as messages of their own, or a catch-up finds them first.
      case "ping":
        this.#detector.feedHinted();
        return this.#loop.feedDelivered();
      case "live":
      case "down": {
        const live = message.kind === "live";
        this.#detector.feedChanged({ live });
        this.#loop.feedChanged({ live });
        if (live) this.#requestNewRun();
      }
    }
  }

  /** Something may have changed until now, so a catch-up that continues an older run may lack it. */
  #requestNewRun(): void {
    this.#merge.requireNewRun();
    this.#loop.request();
  }

  #receiveChange(change: FileChange): void {
    this.#detector.feedDelivered(change);
    this.#loop.feedDelivered();
    if (this.#fileIds && !this.#fileIds.has(change.id)) return;
    if (this.#parameters.isPoll) return this.#receiveChangeOfPoll(change);
    const verdict = this.#merge.receive(change);
    if (verdict === "sent") this.#loop.sent(change);
    if (verdict === "uncertain" || verdict === "overflow") this.#loop.request();
  }

  /** No id would cover a live change, and the next poll would be sent it again. So it is queried. */
  #receiveChangeOfPoll(change: FileChange): void {
    if (!this.#merge.knows(change)) this.#noteChange();
  }

  /** Something has changed that must be queried. A poll that is held waits for what else changes. */
  #noteChange(): void {
    const { isPoll } = this.#parameters;
    if (!isPoll || !this.#stream.outbox.readyTaken) return this.#requestNewRun();
    this.#cancelCollecting ??= this.#options.clock.after(COLLECT_MS, () => {
      this.#cancelCollecting = undefined;
      this.#requestNewRun();
    });
  }

  /** The first query of a catch-up begins. */
  #onBegin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#loop.queryBegan();
    this.#detector.beginCatchUp();
    this.#merge.beginCatchUp();
  }

  /** @returns Whether there were changes that the client lacked. */
  async #catchUp(): Promise<boolean> {
    const { outbox, lifetime: { signal } } = this.#stream;
    const { changesSince, clock } = this.#options;
    const { fileIds, snapshot, isPoll } = this.#parameters;
    const merge = this.#merge;
    let found = false;
    let overflows = 0;
    for (let isCurrent = false; !isCurrent;) {
      await outbox.flushed();
      if (signal.aborted) return found;
      const { generation } = merge;
      const query = { since: outbox.cursor, fileIds, snapshot };
      const onBegin = () => this.#onBegin();
      const page = await changesSince(this.#caller, query, { signal, onBegin, isPoll });
      // Discard the page. While it was loading, sent revisions were forgotten, so we cannot tell
      // whether it is newer; or the cursor that it follows was dropped.
      if (generation !== merge.generation) continue;
      if (page.reset) this.#reset();
      const verdict = merge.applyPage(page);
      for (const change of verdict.found) this.#detector.found(change, clock.now());
      for (const change of verdict.sent) this.#loop.sent(change);
      found ||= verdict.found.length > 0;
      // A file that changed while pages were read, on this connection or an earlier one, is not
      // among them. The next run of pages returns it.
      isCurrent = page.current && !verdict.overflow;
      // The client reads, and there is no room because others do not.
      if (verdict.overflow && ++overflows > 1) throw new Error("too much waits for other clients");
    }
    if (merge.endCatchUp()) this.#loop.request();
    outbox.putReady();
    return found;
  }

  #reset(): void {
    const { outbox, lifetime } = this.#stream;
    // A client without snapshots loads its list at the beginning of a connection.
    if (!this.#parameters.snapshot && outbox.readyTaken) lifetime.end("resync");
    this.#loop.reset();
  }

  /** A catch-up has failed. Ends the stream if the following ones would fail too. */
  #fail(error: unknown): CatchUpOutcome {
    const { lifetime, log, labels } = this.#stream;
    if (!(error instanceof ChangesError)) {
      if (!lifetime.signal.aborted) {
        log("warn", "catch-up failed", { ...labels, error: String(error) });
      }
      return "failed";
    }
    const { end, isRefusal } = error;
    // A new signing key affects all streams at once, so their ends are spread over some seconds.
    if (end === "token-expired") lifetime.endWithin(TOKEN_END_SPREAD_MS, end);
    if (end === "setup-required") lifetime.end(end);
    return isRefusal ? "refused" : "failed";
  }
}
