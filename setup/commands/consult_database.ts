import { type Database, openDatabase } from "../database/open_database.ts";
import { DATABASE_URL_VARIABLE } from "../database/parse_database_url.ts";
import { type DatabaseState, readState } from "../database/read_state.ts";
import type { Io } from "../io.ts";
import type { CommonOptions } from "../options/parse_options.ts";

export interface Consulted {
  readonly database: Database | undefined;
  readonly state: DatabaseState | undefined;
}

/** Opens the database that the user names for as long as `use` runs, and says what it has. */
export async function consultDatabase<T>(
  options: CommonOptions,
  io: Io,
  use: (consulted: Consulted) => Promise<T>,
): Promise<T> {
  // An empty flag is a variable of the shell that is not set, and not the wish for no database.
  const databaseUrl = options.databaseUrl ?? (io.env[DATABASE_URL_VARIABLE] || undefined);
  if (databaseUrl === undefined) return await use({ database: undefined, state: undefined });
  const database = await openDatabase(databaseUrl);
  try {
    const state = await readState(database);
    const { schemaVersion } = state;
    io.print(
      schemaVersion === undefined
        ? "The database has no file-events so far."
        : `The database has file-events with schema version ${schemaVersion}.`,
    );
    return await use({ database, state });
  } finally {
    await database.close();
  }
}
