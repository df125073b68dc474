import type { TableMapping } from "../mapping/table_mapping.ts";
import { renderLiveChoice } from "../sql/render.ts";
import type { Database } from "./open_database.ts";

/** Reads what the migration will decide by the policies that the table has now. */
export async function readLiveChoice(
  database: Database,
  mapping: TableMapping,
): Promise<"rows" | "pings"> {
  const [row] = await database.query<{ live: "rows" | "pings" }>(await renderLiveChoice(mapping));
  return row!.live;
}
