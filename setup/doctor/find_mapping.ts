import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readMapping } from "../mapping/read_mapping.ts";
import type { TableMapping } from "../mapping/table_mapping.ts";

/**
 * Finds the mapping that the migrations of the project in `folder` say, the newest one.
 *
 * @returns `undefined` if there is no such migration.
 */
export async function findMapping(folder: string): Promise<TableMapping | undefined> {
  const migrations = join(folder, "supabase", "migrations");
  const names = await readdir(migrations).catch(() => []);
  for (const name of names.filter((name) => name.endsWith(".sql")).sort().reverse()) {
    const found = readMapping(await readFile(join(migrations, name), "utf8"));
    if (found) return found.mapping;
  }
}
