import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** The shortest time between two lines with the same event and code, in milliseconds. */
const INTERVAL_MS = 60_000;
/** How many events and codes are remembered. There is a limit because codes come from outside. */
const MAX_REMEMBERED = 100;

/**
 * Creates a log for events that many streams report at once. It writes at most one line a minute
 * for each event and `code`. `times` in the line says how often that was reported since the last
 * line.
 */
export function createSparseLog(log: Log, clock: Pick<Clock, "now">): Log {
  const written = new Map<string, { at: number; times: number }>();
  return (level, event, fields = {}) => {
    const key = JSON.stringify([event, fields.code]);
    const now = clock.now();
    const last = written.get(key) ?? { at: -Infinity, times: 0 };
    last.times++;
    if (now - last.at < INTERVAL_MS) return;
    log(level, event, { ...fields, times: last.times });
    if (written.size >= MAX_REMEMBERED) written.clear();
    written.set(key, { at: now, times: 0 });
  };
}
