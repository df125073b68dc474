import { type Database, openDatabase } from "../database/open_database.ts";
import { type DatabaseState, readState } from "../database/read_state.ts";
import type { Io } from "../io.ts";
import type { CommonOptions } from "../options/parse_options.ts";

export interface Consulted {
  readonly database: Database | undefined;
  readonly state: DatabaseState | undefined;
}

/** Opens the database that `--database-url` names for as long as `use` runs, and says what it has. */
export async function consultDatabase<T>(
  { databaseUrl }: CommonOptions,
  io: Io,
  use: (consulted: Consulted) => Promise<T>,
): Promise<T> {
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
