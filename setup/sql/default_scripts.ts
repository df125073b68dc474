import { DEFAULT_MAPPING } from "../mapping/table_mapping.ts";
import {
  type DefaultScriptName,
  readDefaultScript,
  renderScript,
  type ScriptName,
} from "./render.ts";

/** The files in `supabase/` that are rendered for the default table. */
export const DEFAULT_SCRIPTS = [
  { name: "files", path: "migrations/20261123000000_files.sql" },
  { name: "file_events", path: "migrations/20261123000100_file_events.sql" },
  { name: "file_events_broadcast", path: "migrations/20261123000200_file_events_broadcast.sql" },
  { name: "check_installation", path: "scripts/check_installation.sql" },
  { name: "postgres_changes", path: "scripts/postgres_changes.sql" },
  { name: "remove_file_events", path: "scripts/remove_file_events.sql" },
] as const;

/** Renders one of these files. */
export function renderDefault(name: ScriptName | DefaultScriptName): Promise<string> {
  return name === "files" || name === "postgres_changes"
    ? readDefaultScript(name)
    : renderScript(name, DEFAULT_MAPPING);
}
