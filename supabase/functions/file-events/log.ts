import type { Clock } from "./clock.ts";

export type LogLevel = "info" | "warn" | "error";
/** Writes one structured line. Fields must not hold tokens. */
export type Log = (level: LogLevel, event: string, fields?: Record<string, unknown>) => void;

/** Supabase accepts 100 log events per 10 s from a function, including those of the platform. */
const WINDOW_MS = 10_000;
/**
 * A line is written if fewer lines than this, of any level, were written in the last 10 s. So lines
 * about opened and closed streams never hide a warning, and warnings never hide an error.
 */
const MAX_LINES = { info: 50, warn: 70, error: 80 };

/**
 * Creates a log that writes JSON lines, at most 80 in any 10 s. Further lines are dropped and
 * counted, and the next line that is written contains the count.
 *
 * @param write Takes a line without its line break.
 */
export function createLog(
  write: (level: LogLevel, line: string) => void,
  clock: Pick<Clock, "now">,
): Log {
  /** When each line of the last 10 s was written, the oldest first. */
  const written: number[] = [];
  /** How many lines have been dropped since the last one that was written. */
  let suppressed = 0;
  return (level, event, fields = {}) => {
    const now = clock.now();
    // `abs`, because the machine's clock can be set back.
    while (written.length > 0 && Math.abs(now - written[0]!) >= WINDOW_MS) written.shift();
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
