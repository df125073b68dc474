import type { Clock } from "./environment.ts";
import type { FileEvents } from "./file_events.ts";
import type { FileState } from "./protocol.ts";
import type { Readable } from "./readable.ts";
import { createStore } from "./store/store.ts";
import { createStallWatch } from "./store/stall_watch.ts";
import { webClock } from "./web_clock.ts";

export interface Summary {
  /** How many files there are. */
  readonly total: number;
  /** How many of them are in progress: neither ready nor failed. */
  readonly active: number;
  readonly ready: number;
  readonly failed: number;
  /**
   * The mean progress of all files, 0 to 100. A ready or failed file counts as 100, and a file without
   * progress as 0. `null` if there are no files.
   */
  readonly progress: number | null;
  /**
   * The ids of active files that have not changed for much longer than they usually take from one
   * change to the next. Nothing is said of a file whose usual time is not known, or while the
   * connection is not live.
   */
  readonly stalled: readonly string[];
}

export interface SummaryOptions {
  /**
   * A file is stalled when it has not changed for so many times its usual time between two changes,
   * and for 10 s at least; 10 by default.
   */
  readonly stalledAfterSteps?: number;
  /** For tests. */
  readonly clock?: Clock;
}

/** A timer fires immediately if its delay is longer than 24 days. */
const LONGEST_TIMER_MS = 3_600_000;

/** Sums up a list of files. Each subscriber keeps the stream open. */
export function summaryOf(
  files: FileEvents,
  { stalledAfterSteps = 10, clock: { now, after } = webClock }: SummaryOptions = {},
): Readable<Summary> {
  const stalls = createStallWatch(stalledAfterSteps);
  /** The files at the last look. */
  let known = new Map<string, FileState>();
  let isLive = false;
  let listeners = 0;
  let stop = () => {};
  let cancelTimer = () => {};

  const summarize = (): Summary => {
    cancelTimer();
    const lookedAt = now();
    const counts = { active: 0, ready: 0, failed: 0 };
    const stalled: string[] = [];
    let progress = 0;
    let nextMs = Infinity;
    for (const file of files.value) {
      const outcome = files.outcome(file);
      counts[outcome]++;
      progress += outcome === "active" ? Math.min(Math.max(file.progress ?? 0, 0), 100) : 100;
      if (outcome !== "active" || !isLive) continue;
      const ms = stalls.msUntilStalled(file.id, lookedAt);
      if (ms <= 0) stalled.push(file.id);
      else nextMs = Math.min(nextMs, ms);
    }
    if (nextMs < Infinity) cancelTimer = after(Math.min(nextMs, LONGEST_TIMER_MS), update);
    const total = files.value.length;
    return { total, ...counts, progress: total > 0 ? progress / total : null, stalled };
  };

  const update = () => {
    const next = summarize();
    if (JSON.stringify(next) !== JSON.stringify(store.value)) store.set(next);
  };

  const look = (list: readonly FileState[]) => {
    const before = known;
    known = new Map(list.map((file) => [file.id, file]));
    for (const id of before.keys()) if (!known.has(id)) stalls.forget(id);
    for (const [id, file] of known) {
      if (before.get(id) === file) continue;
      if (files.outcome(file) === "active") stalls.changed(id, now(), isLive);
      else stalls.forget(id);
    }
    update();
  };

  const start = () => {
    const stopFiles = files.subscribe(look);
    const stopConnection = files.connection.subscribe(({ state }) => {
      isLive = state === "live";
      if (isLive) stalls.restart(now());
      update();
    });
    stop = () => {
      stopFiles();
      stopConnection();
      cancelTimer();
      isLive = false;
    };
  };

  const store = createStore<Summary>(summarize(), () => {
    if (listeners++ === 0) start();
    return () => {
      if (--listeners === 0) stop();
    };
  });
  const current = () => {
    if (listeners === 0) update();
    return store.value;
  };
  return {
    get value() {
      return current();
    },
    subscribe(run) {
      current();
      return store.subscribe(run);
    },
  };
}
