import { SCHEMA_VERSION } from "../../supabase/functions/file-events/schema_version.ts";
import type { DatabaseState } from "../database/read_state.ts";
import { SetupError } from "../setup_error.ts";

/**
 * Refuses a database that this version cannot be installed in.
 *
 * @throws {SetupError} `no-realtime` or `newer-database`.
 */
export function refuseUnfit({ hasRealtime, schemaVersion = 0 }: DatabaseState): void {
  if (!hasRealtime) {
    throw new SetupError(
      "no-realtime",
      "The database has no table realtime.messages, which live changes need: turn Realtime on in " +
        "the project, then run this again.",
    );
  }
  if (schemaVersion <= SCHEMA_VERSION) return;
  throw new SetupError(
    "newer-database",
    `The database has schema version ${schemaVersion} of file-events, and this program knows ` +
      `${SCHEMA_VERSION}: use a newer file-events.`,
  );
}
