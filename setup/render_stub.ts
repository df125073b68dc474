// Until setup/sql/render.ts is there.
import { readFile } from "node:fs/promises";
import type { TableMapping } from "./mapping/table_mapping.ts";

const FILES: Record<string, string> = {
  files: "migrations/20261123000000_files.sql",
  file_events: "migrations/20261123000100_file_events.sql",
  file_events_broadcast: "migrations/20261123000200_file_events_broadcast.sql",
  remove_file_events: "scripts/remove_file_events.sql",
};

export async function renderScript(name: string, mapping: TableMapping): Promise<string> {
  const text = await readFile(new URL(`../supabase/${FILES[name]}`, import.meta.url), "utf8");
  return `-- file-events mapping: ${JSON.stringify(mapping)}\n-- file-events schema: 1\n${text}`;
}
