import type { Write } from "../processing/write_row.ts";
import type { FileState } from "./file_event.ts";

export interface LatencyMeter {
  /** This tab has written a file's row. */
  wrote(write: Write): void;
  /**
   * A state of a file has arrived. `tell` is called once its latency is known: never for what
   * others have written, or for a state that had arrived before.
   */
  arrived(file: Pick<FileState, "id" | "revision">, tell: (ms: number) => void): void;
  /** Of the last 20 latencies, in milliseconds; undefined before the first. */
  median(): number | undefined;
}

interface Arrival {
  at: number;
  tell: (ms: number) => void;
}

const MEDIAN_OF = 20;
/** What is overtaken by a later state, or is not this tab's, waits in vain. */
const MOST_WAITING = 200;
/** Both clocks are read in whole milliseconds. */
const PRECISION_MS = 1;

/**
 * Measures the way of a change from the database to this page: from `updated_at`, the start of the
 * write's transaction by the database's clock, to the arrival of the event with the revision of
 * that write, by this machine's clock. The answer to a write may come before or after its event.
 *
 * Two clocks can be compared only if they agree. They do if the database's time of a write lies
 * between the request and its answer; else nothing is said. So an error is never longer than the
 * write's own round trip.
 *
 * @param now Unix milliseconds.
 */
export function createLatencyMeter(now: () => number): LatencyMeter {
  const writes = new Map<string, Write>();
  const arrivals = new Map<string, Arrival>();
  const latest: number[] = [];

  const match = (key: string) => {
    const write = writes.get(key);
    const arrival = arrivals.get(key);
    if (!write || !arrival) return;
    writes.delete(key);
    const ms = arrival.at - Date.parse(write.updated_at);
    if (!clocksAgree(write) || ms < -PRECISION_MS) return;
    latest.push(Math.max(ms, 0));
    if (latest.length > MEDIAN_OF) latest.shift();
    arrival.tell(Math.max(ms, 0));
  };

  return {
    wrote(write) {
      const key = keyOf(write);
      keepLatest(writes, key, write);
      match(key);
    },
    arrived(file, tell) {
      const key = keyOf(file);
      if (arrivals.has(key)) return;
      keepLatest(arrivals, key, { at: now(), tell });
      match(key);
    },
    median() {
      const sorted = latest.toSorted((a, b) => a - b);
      return sorted[Math.floor(sorted.length / 2)];
    },
  };
}

function clocksAgree({ updated_at, sentAt, answeredAt }: Write): boolean {
  const writtenAt = Date.parse(updated_at);
  return writtenAt >= sentAt - PRECISION_MS && writtenAt <= answeredAt + PRECISION_MS;
}

function keyOf({ id, revision }: { id: string; revision: number }): string {
  return `${id} ${revision}`;
}

function keepLatest<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value);
  if (map.size > MOST_WAITING) map.delete(map.keys().next().value!);
}
