import type { Log } from "../log.ts";
import type { OnLostValues } from "./parse_file_change.ts";

/** How many rows are remembered, so that each is logged only once. */
const MAX_ROWS = 1000;

/**
 * Logs each row that has values which events can't carry: once, and at most 1,000 rows an isolate.
 * `rows` in the line is the number of such rows so far.
 */
export function logLostValues(log: Log): OnLostValues {
  const logged = new Set<string | null>();
  return (id, fields) => {
    if (logged.has(id) || logged.size >= MAX_ROWS) return;
    logged.add(id);
    log("warn", "values can't be streamed", { file: id, fields, rows: logged.size });
  };
}
