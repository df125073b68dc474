import type { DatabaseState } from "../database/read_state.ts";
import { readMapping } from "../mapping/read_mapping.ts";
import { DEFAULT_MAPPING } from "../mapping/table_mapping.ts";
import { renderScript } from "../render_stub.ts";
import { SetupError } from "../setup_error.ts";

/**
 * Refuses a database that this version cannot be installed in.
 *
 * @throws {SetupError} `no-realtime` or `newer-database`.
 */
export async function refuseUnfit({ hasRealtime, schemaVersion }: DatabaseState): Promise<void> {
  if (!hasRealtime) {
    throw new SetupError(
      "no-realtime",
      "The database has no table realtime.messages, which live changes need: turn Realtime on in " +
        "the project, then run this again.",
    );
  }
  const own = readMapping(await renderScript("file_events", DEFAULT_MAPPING))?.version;
  if (schemaVersion === undefined || own === undefined || schemaVersion <= own) return;
  throw new SetupError(
    "newer-database",
    `The database has schema version ${schemaVersion} of file-events, and this program knows ` +
      `${own}: use a newer file-events.`,
  );
}
