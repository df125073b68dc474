import { createDatabase, type Database, readScript } from "../../local/database.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";
import { migrations } from "../../local/postgres/supabase_database.ts";

/** The embedded database, migrated, and its one session. */
export interface PgliteDatabase extends AsyncDisposable {
  readonly database: Database;
  readonly session: Session;
}

/** Opens a fresh embedded database and runs `scripts` (paths in `supabase/`) on it. */
export async function openPglite(scripts: string[] = migrations): Promise<PgliteDatabase> {
  const supabase = new URL("../../supabase/", import.meta.url);
  const database = await createDatabase(
    await Promise.all(scripts.map((path) => readScript(new URL(path, supabase)))),
  );
  forgetExitCode();
  const session: Session = {
    pid: 0,
    query: async (sql, parameters) => {
      try {
        if (parameters) return await database.query(sql, parameters);
        const results = await database.exclusive((driver) => driver.exec(sql));
        return (results.at(-1)?.rows ?? []) as never;
      } catch (error) {
        forgetExitCode();
        throw error;
      }
    },
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  };
  return { database, session, [Symbol.asyncDispose]: () => database.close() };
}

/** PGlite leaves 99 after its start and 100 after an SQL error as the process's exit code. */
function forgetExitCode(): void {
  Deno.exitCode = 0;
}
