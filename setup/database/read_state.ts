import type { Database } from "./open_database.ts";

/** What the database knows of file-events and of what it needs. */
export interface DatabaseState {
  /** Of the schema that is applied; 0 before there were versions; nothing if none is applied. */
  readonly schemaVersion: number | undefined;
  readonly hasRealtime: boolean;
  /** Versions of the migrations that the CLI has applied; nothing if it has applied none so far. */
  readonly appliedMigrations: readonly string[] | undefined;
}

/** Reads it, without a right to more than the catalogue and Supabase's list of migrations. */
export async function readState(database: Database): Promise<DatabaseState> {
  const [found] = await database.query<Record<"state" | "version" | "realtime" | "list", boolean>>(`
    select to_regclass('file_events.state') is not null as state,
      exists (
        select from pg_attribute a
        where a.attrelid = to_regclass('file_events.state') and a.attname = 'schema_version'
          and not a.attisdropped
      ) as version,
      to_regclass('realtime.messages') is not null as realtime,
      to_regclass('supabase_migrations.schema_migrations') is not null as list`);
  const { state, version, realtime, list } = found!;
  return {
    schemaVersion: version ? await readVersion(database) : state ? 0 : undefined,
    hasRealtime: realtime,
    appliedMigrations: list ? await readMigrations(database) : undefined,
  };
}

async function readVersion(database: Database): Promise<number> {
  const [row] = await database.query<{ version: unknown }>(
    "select schema_version as version from file_events.state",
  );
  return Number(row?.version ?? 0);
}

async function readMigrations(database: Database): Promise<string[]> {
  const rows = await database.query<{ version: string }>(
    "select version from supabase_migrations.schema_migrations order by version",
  );
  return rows.map(({ version }) => version);
}
