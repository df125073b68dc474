import type { Clock } from "./clock.ts";

export type LogLevel = "info" | "warn" | "error";
/** Writes one structured line. Fields must not hold tokens. */
export type Log = (level: LogLevel, event: string, fields?: Record<string, unknown>) => void;

/** Supabase takes 100 log events per 10 s from a function; ours leave room for the platform's own. */
const WINDOW_MS = 10_000;
const MAX_LINES_PER_WINDOW = 80;
/** Of these, so that streams that come and go never hide what goes wrong. */
const MAX_INFO_LINES_PER_WINDOW = 50;

/**
 * A log of JSON lines, at most 80 per 10 s, 50 of them of level `info`: what is over is counted, and
 * the count is written with the next line that passes.
 *
 * @param write Takes a line without its line break.
 */
export function createLog(
  write: (level: LogLevel, line: string) => void,
  clock: Pick<Clock, "now">,
): Log {
  let windowStart = -Infinity;
  let lines = 0;
  let suppressed = 0;
  return (level, event, fields = {}) => {
    const now = clock.now();
    if (now - windowStart >= WINDOW_MS) {
      windowStart = now;
      lines = 0;
    }
    if (lines >= (level === "info" ? MAX_INFO_LINES_PER_WINDOW : MAX_LINES_PER_WINDOW)) {
      suppressed++;
      return;
    }
    lines++;
    const time = new Date(now).toISOString();
    write(
      level,
      JSON.stringify({ time, level, event, ...fields, ...(suppressed > 0 && { suppressed }) }),
    );
    suppressed = 0;
  };
}
