import type { TableMapping } from "../mapping/table_mapping.ts";

/** The path of the table in the Data API, with the rows that have this value in this column. */
export function dataApiPath(
  { table }: Pick<TableMapping, "table">,
  { select = [] }: { readonly select?: readonly string[] },
  where?: { readonly column: string; readonly value: string },
): string {
  const query = new URLSearchParams();
  if (select.length > 0) query.set("select", select.map(quoted).join(","));
  if (where) query.set(quoted(where.column), `eq.${where.value}`);
  return `/rest/v1/${encodeURIComponent(table)}${query.size > 0 ? `?${query}` : ""}`;
}

/** Which schema is meant, if it is not the default one. */
export function profileHeaders({ schema }: Pick<TableMapping, "schema">): Record<string, string> {
  return schema === "public" ? {} : { "accept-profile": schema, "content-profile": schema };
}

/** Names with other characters have a meaning in the Data API, unless they are quoted. */
function quoted(name: string): string {
  return /^[\w ]+$/.test(name) ? name : `"${name.replaceAll('"', '\\"')}"`;
}
