import type { Clock } from "./clock.ts";

export type LogLevel = "info" | "warn" | "error";
/** Writes one structured line. Fields must not hold tokens. */
export type Log = (level: LogLevel, event: string, fields?: Record<string, unknown>) => void;

/** Supabase takes 100 log events per 10 s from a function; ours leave room for the platform's own. */
const WINDOW_MS = 10_000;
/**
 * A line is written if fewer lines than this, of any level, were written in the last 10 s. So streams
 * that come and go never hide a warning, and warnings never hide an error.
 */
const MAX_LINES = { info: 50, warn: 70, error: 80 };

/**
 * A log of JSON lines, at most 80 in any 10 s. What is over is counted, and the count is written with
 * the next line that passes.
 *
 * @param write Takes a line without its line break.
 */
export function createLog(
  write: (level: LogLevel, line: string) => void,
  clock: Pick<Clock, "now">,
): Log {
  /** When the lines of the last 10 s were written. */
  let written: number[] = [];
  let suppressed = 0;
  return (level, event, fields = {}) => {
    const now = clock.now();
    // `abs`, because the machine's clock can be set back.
    written = written.filter((at) => Math.abs(now - at) < WINDOW_MS);
    if (written.length >= MAX_LINES[level]) {
      suppressed++;
      return;
    }
    written.push(now);
    const time = new Date(now).toISOString();
    write(
      level,
      JSON.stringify({ time, level, event, ...fields, ...(suppressed > 0 && { suppressed }) }),
    );
    suppressed = 0;
  };
}
