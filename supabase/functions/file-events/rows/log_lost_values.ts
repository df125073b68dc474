import type { Log } from "../log.ts";
import type { OnLostValues } from "./parse_file_change.ts";

/** The number of rows that are remembered, so that each is logged once. */
const MAX_ROWS = 1000;

/**
 * Logs each row once that has values which events can't carry, up to 1,000 rows an isolate. `rows`
 * in the line counts the rows so far.
 */
export function logLostValues(log: Log): OnLostValues {
  const logged = new Set<string | null>();
  return (id, fields) => {
    if (logged.has(id) || logged.size >= MAX_ROWS) return;
    logged.add(id);
    log("warn", "values can't be streamed", { file: id, fields, rows: logged.size });
  };
}
