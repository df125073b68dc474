import type { FileState } from "../../client/protocol.ts";
import type { Write } from "../processing/write_row.ts";

export interface LatencyMeter {
  /** This tab has written a file's row. */
  wrote(write: Write): void;
  /**
   * A state of a file has arrived. `tell` is called once its latency is known: never for what
   * others have written, or for a state that had arrived before.
   */
  arrived(file: Pick<FileState, "id" | "revision">, tell: (ms: number) => void): void;
  /** A file is gone, and with it what was still to arrive. */
  deleted(id: string): void;
  /**
   * Of this tab's writes of the last 10 s, in milliseconds; undefined without any. A write that has
   * not arrived counts with its age so far, if it is longer than any that has.
   */
  median(): number | undefined;
}

interface Arrival {
  id: string;
  revision: number;
  at: number;
  tell: (ms: number) => void;
}

const RECENT_MS = 10_000;
const MOST_KEPT = 200;
/** Both clocks are read in whole milliseconds. */
const PRECISION_MS = 1;

/**
 * Measures the way of a change from the database to this page: from `updated_at`, the start of the
 * write's transaction by the database's clock, until this page has that state, or a later one in its
 * place, by this machine's clock. The answer to a write may come before or after its event.
 *
 * Two clocks can be compared only if they agree. They do if the database's time of a write lies
 * between the request and its answer; else nothing is said. So an error is never longer than the
 * write's own round trip.
 *
 * @param now Unix milliseconds.
 */
export function createLatencyMeter(now: () => number): LatencyMeter {
  let waiting: Write[] = [];
  const arrivals: Arrival[] = [];
  let measured: { at: number; ms: number }[] = [];

  /** Whether the write has arrived, in its own state or a later one. */
  const settle = (write: Write): boolean => {
    const arrival = arrivals.find(({ id, revision }) =>
      id === write.id && revision >= write.revision
    );
    if (!arrival) return false;
    const ms = arrival.at - Date.parse(write.updated_at);
    if (ms < -PRECISION_MS) return true;
    measured.push({ at: arrival.at, ms: Math.max(ms, 0) });
    if (measured.length > MOST_KEPT) measured.shift();
    if (arrival.revision === write.revision) arrival.tell(Math.max(ms, 0));
    return true;
  };

  return {
    wrote(write) {
      if (!clocksAgree(write) || settle(write)) return;
      waiting.push(write);
      if (waiting.length > MOST_KEPT) waiting.shift();
    },
    arrived({ id, revision }, tell) {
      if (arrivals.some((known) => known.id === id && known.revision >= revision)) return;
      arrivals.push({ id, revision, at: now(), tell });
      if (arrivals.length > MOST_KEPT) arrivals.shift();
      waiting = waiting.filter((write) => !settle(write));
    },
    deleted(id) {
      waiting = waiting.filter((write) => write.id !== id);
    },
    median() {
      const time = now();
      measured = measured.filter(({ at }) => at >= time - RECENT_MS);
      const sorted = measured.map(({ ms }) => ms);
      const longest = Math.max(0, ...sorted);
      for (const { updated_at } of waiting) {
        const age = time - Date.parse(updated_at);
        if (age > longest) sorted.push(age);
      }
      sorted.sort((a, b) => a - b);
      return sorted[Math.floor(sorted.length / 2)];
    },
  };
}

function clocksAgree({ updated_at, sentAt, answeredAt }: Write): boolean {
  const writtenAt = Date.parse(updated_at);
  return writtenAt >= sentAt - PRECISION_MS && writtenAt <= answeredAt + PRECISION_MS;
}
