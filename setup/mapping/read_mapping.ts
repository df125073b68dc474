import { parseMapping } from "./parse_mapping.ts";
import type { TableMapping } from "./table_mapping.ts";

/** What a rendered migration says of itself. */
export interface InstalledMapping {
  /** The version of the database's schema. */
  readonly version: number;
  readonly mapping: TableMapping;
}

/**
 * Reads the mapping and the schema's version from the first lines of a migration that was rendered.
 *
 * @returns `undefined` if `sql` is not such a migration.
 * @throws {SetupError} `mapping-invalid` if it says a mapping that is none.
 */
export function readMapping(sql: string): InstalledMapping | undefined {
  const version = /^-- file-events schema: (\d{1,9})\r?$/m.exec(sql)?.[1];
  const json = /^-- file-events mapping: (.*?)\r?$/m.exec(sql)?.[1];
  if (version === undefined || json === undefined) return undefined;
  return { version: Number(version), mapping: parseMapping(parseJson(json)) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
