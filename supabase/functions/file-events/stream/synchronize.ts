import type { Caller } from "./caller.ts";
import { CatchUpLoop } from "./catch_up_loop.ts";
import type { CatchUpOutcome } from "./catch_up_schedule.ts";
import { ChangesError, type ChangesSince } from "./changes_since.ts";
import type { Clock } from "../clock.ts";
import { DeafnessDetector } from "./deafness_detector.ts";
import type { FileChange } from "./file_change.ts";
import type { FeedMessage, FileFeed } from "./file_feed.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Log } from "../log.ts";
import { Merge } from "./merge.ts";
import type { Outbox } from "./outbox.ts";
import type { StreamParameters } from "./stream_parameters.ts";

export interface SynchronizeOptions {
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
/** Streams whose tokens the database refuses end within this time, in milliseconds. */
const TOKEN_END_SPREAD_MS = 5_000;

/**
 * Fills a stream's outbox until the stream ends. Live changes come from the feed and are fast. A
 * catch-up queries the database for what has changed since the cursor, and is complete. This
 * function connects three parts which do not know each other: {@linkcode Merge} decides what is
 * sent, {@linkcode CatchUpLoop} when to query, {@linkcode DeafnessDetector} whether the feed still
 * works.
 */
export function synchronize(
  caller: Caller,
  parameters: StreamParameters,
  options: SynchronizeOptions,
  { outbox, lifetime, labels, log }: StreamContext,
): void {
  const { feed, changesSince, catchUpMs, maxFiles = MAX_FILES, clock, random } = options;
  const { snapshot } = parameters;
  const { signal } = lifetime;
  const fileIds = parameters.fileIds && new Set(parameters.fileIds);
  /** The first query of the current or last catch-up has begun. */
  let hasBegun = false;
  const merge = new Merge(outbox, maxFiles);
  const detector = new DeafnessDetector();
  const loop = new CatchUpLoop({ run, onEnded, catchUpMs, clock, random, signal });

  function receive(message: FeedMessage): void {
    switch (message.kind) {
      case "change":
        return receiveChange(message.change);
      case "hint":
        detector.feedHinted();
        return loop.request();
      case "live":
      case "down": {
        const live = message.kind === "live";
        detector.feedChanged({ live });
        loop.feedChanged({ live });
        if (live) loop.request();
      }
    }
  }

  function receiveChange(change: FileChange): void {
    detector.feedDelivered(change);
    loop.feedDelivered();
    if (fileIds && !fileIds.has(change.id)) return;
    const verdict = merge.receive(change);
    if (verdict === "sent") loop.sent(change);
    if (verdict === "uncertain" || verdict === "overflow") loop.request();
  }

  /** Never rejects. */
  async function run(): Promise<CatchUpOutcome> {
    hasBegun = false;
    // The rest of a run of pages is as old as the run.
    if (merge.isMidRun) onBegin();
    try {
      return await catchUp() ? "found" : "nothing";
    } catch (error) {
      return fail(error);
    }
  }

  /** The first query of a catch-up begins. */
  function onBegin(): void {
    if (hasBegun) return;
    hasBegun = true;
    loop.hasBegun();
    detector.beginCatchUp();
    merge.beginCatchUp();
  }

  function onEnded(outcome: CatchUpOutcome): void {
    const complete = outcome === "found" || outcome === "nothing";
    if (!detector.endCatchUp({ complete, now: clock.now() })) return;
    log("warn", "feed is deaf, rejoining", labels);
    subscription.rejoin();
  }

  /** @returns Whether there were changes that the client lacked. */
  async function catchUp(): Promise<boolean> {
    let found = false;
    for (let isCurrent = false; !isCurrent;) {
      await outbox.flushed();
      if (signal.aborted) return found;
      const { generation } = merge;
      const query = { since: outbox.cursor, fileIds: parameters.fileIds, snapshot };
      const page = await changesSince(caller, query, { signal, onBegin });
      // Discard the page. While it was loading, sent revisions were forgotten, so we cannot tell
      // whether it is newer; or the cursor that it follows was dropped.
      if (generation !== merge.generation) continue;
      if (page.reset) reset();
      const verdict = merge.applyPage(page);
      for (const change of verdict.found) detector.found(change, clock.now());
      for (const change of verdict.sent) loop.sent(change);
      found ||= verdict.found.length > 0;
      // A file that changed while pages were read, on this connection or an earlier one, is not
      // among them. The next run of pages returns it.
      isCurrent = page.current && !verdict.overflow;
    }
    if (merge.endCatchUp()) loop.request();
    outbox.putReady();
    return found;
  }

  function reset(): void {
    // A client without snapshots loads its list after `ready`, which is sent once a connection.
    if (!snapshot && outbox.readyTaken) lifetime.end("resync");
    loop.reset();
  }

  /** A catch-up has failed. Ends the stream if the following ones would fail too. */
  function fail(error: unknown): CatchUpOutcome {
    if (!(error instanceof ChangesError)) {
      if (!signal.aborted) log("warn", "catch-up failed", { ...labels, error: String(error) });
      return "failed";
    }
    const { end, isRefusal } = error;
    // A new signing key affects all streams at once, so their ends are spread over some seconds.
    if (end === "token-expired") lifetime.endWithin(TOKEN_END_SPREAD_MS, end);
    if (end === "setup-required") lifetime.end(end);
    return isRefusal ? "refused" : "failed";
  }

  const subscription = feed(caller, receive, { signal });
  // If other streams share the feed and it is live, it has requested a catch-up already.
  loop.begin({ waitForFeed: subscription.isJoining });
}
