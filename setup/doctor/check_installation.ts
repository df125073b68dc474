import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { DEFAULT_MAPPING, type TableMapping } from "../mapping/table_mapping.ts";
import type { Database } from "./database.ts";
import type { Finding } from "./finding.ts";

const SCRIPT = new URL("../../supabase/scripts/check_installation.sql", import.meta.url);

/** Runs `check_installation.sql`. For another table than the default one there is none yet. */
export async function readCheck(database: Database, mapping: TableMapping): Promise<Finding[]> {
  if (mapping.schema !== DEFAULT_MAPPING.schema || mapping.table !== DEFAULT_MAPPING.table) {
    return [];
  }
  const sql = await readFile(fileURLToPath(SCRIPT), "utf8");
  return database.query<Finding>(sql);
}

/** The version that the database's schema says it has; `undefined` if it says none. */
export async function readSchemaVersion(database: Database): Promise<string | undefined> {
  const [there] = await database.query<{ state: string | null }>(
    "select to_regclass('file_events.state')::text as state",
  );
  if (!there?.state) return undefined;
  const [row] = await database.query<{ version: string | null }>(
    "select to_jsonb(s) ->> 'schema_version' as version from file_events.state s limit 1",
  );
  return row?.version ?? undefined;
}
