import { SCHEMA_VERSION } from "../../supabase/functions/file-events/schema_version.ts";
import type { TableMapping } from "../mapping/table_mapping.ts";
import { renderScript } from "../sql/render.ts";
import type { Database } from "./database.ts";
import { FAULTS } from "./faults.ts";
import type { Finding } from "./finding.ts";

/** What the database says of its setup. */
export interface Installation {
  /** The version of its schema; `undefined` if it names none. */
  readonly version: number | undefined;
  readonly findings: readonly Finding[];
}

/** Reads the version of the schema, and runs `check_installation.sql` for the table. */
export async function checkInstallation(
  database: Database,
  mapping: TableMapping,
): Promise<Installation> {
  const version = await readSchemaVersion(database);
  const findings = await database.query<Finding>(
    await renderScript("check_installation", mapping),
  );
  const code = "schema-other-version";
  const isFitting = version === undefined || version === SCHEMA_VERSION;
  return { version, findings: isFitting ? findings : [{ code, ...FAULTS[code] }, ...findings] };
}

/** A table that lacks the column, as that of an old version, has no version. */
async function readSchemaVersion(database: Database): Promise<number | undefined> {
  const [there] = await database.query<{ state: string | null }>(
    "select to_regclass('file_events.state')::text as state",
  );
  if (!there?.state) return undefined;
  const [row] = await database.query<{ version: string | null }>(
    "select to_jsonb(s) ->> 'schema_version' as version from file_events.state s limit 1",
  );
  return row?.version ? Number(row.version) : undefined;
}
