import { DEFAULT_MAPPING, type TableMapping } from "../mapping/table_mapping.ts";

/** Names that need no quotes. Others get them even if they don't need them: no list of keywords. */
const PLAIN_NAMES: readonly (string | null)[] = [
  DEFAULT_MAPPING.schema,
  DEFAULT_MAPPING.table,
  DEFAULT_MAPPING.id,
  DEFAULT_MAPPING.owner,
  DEFAULT_MAPPING.revision,
  DEFAULT_MAPPING.changedIn,
  ...Object.values(DEFAULT_MAPPING.fields),
];

/** Writes a name as an identifier of SQL. */
export function quoteIdentifier(name: string): string {
  return PLAIN_NAMES.includes(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Writes the name of the streamed table as SQL, with its schema. */
export function quoteTable({ schema, table }: Pick<TableMapping, "schema" | "table">): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/** Writes a text as a literal of SQL. */
export function quoteLiteral(text: string): string {
  // A backslash has a meaning only in E'…', unless standard_conforming_strings is off.
  const quoted = text.replaceAll("'", "''");
  return quoted.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`;
}
