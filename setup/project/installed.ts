import { readMapping } from "../mapping/read_mapping.ts";
import { DEFAULT_MAPPING, type TableMapping } from "../mapping/table_mapping.ts";
import { SetupError } from "../setup_error.ts";
import type { MigrationFile } from "./migration_file.ts";

/** What the migrations of a project say is installed. */
export interface Installed {
  readonly mapping: TableMapping;
  /** Of the schema; 0 for migrations that were copied by hand before there were versions. */
  readonly version: number;
  /** Our migrations since the last removal. */
  readonly migrations: readonly MigrationFile[];
}

/** Names of our migrations, in the order in which they are applied. */
export const MIGRATION_NAMES = ["file_events", "file_events_broadcast"] as const;
export const REMOVAL = "remove_file_events";

/** Reads it; nothing if file-events was never added or is removed again. */
export function readInstalled(migrations: readonly MigrationFile[]): Installed | undefined {
  const removed = migrations.findLastIndex(({ name }) => name === REMOVAL);
  const since = migrations.slice(removed + 1);
  const last = lastNamed(since, "file_events");
  if (!last) return;
  const { mapping, version } = readMapping(last.text) ?? { mapping: DEFAULT_MAPPING, version: 0 };
  const names: readonly string[] = MIGRATION_NAMES;
  return { mapping, version, migrations: since.filter(({ name }) => names.includes(name)) };
}

/** @throws {SetupError} `not-installed` */
export function requireInstalled(migrations: readonly MigrationFile[]): Installed {
  const installed = readInstalled(migrations);
  if (installed) return installed;
  throw new SetupError(
    "not-installed",
    "This project has no migration of file-events: run add to install it.",
  );
}

/** The last migration of a name. */
export function lastNamed(
  migrations: readonly MigrationFile[],
  name: string,
): MigrationFile | undefined {
  return migrations.findLast((migration) => migration.name === name);
}
