import { type InstalledMapping, readMapping } from "../mapping/read_mapping.ts";
import { DEFAULT_MAPPING, type TableMapping } from "../mapping/table_mapping.ts";
import { SetupError } from "../setup_error.ts";
import { type MigrationFile, migrationPath } from "./migration_file.ts";

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

/**
 * Reads it; nothing if file-events was never added or is removed again.
 *
 * @throws {SetupError} `mapping-invalid` if its mapping was made unreadable.
 */
export function readInstalled(migrations: readonly MigrationFile[]): Installed | undefined {
  const removed = migrations.findLastIndex(({ name }) => name === REMOVAL);
  const since = migrations.slice(removed + 1).filter(isOurs);
  const last = lastNamed(since, "file_events");
  if (!last) return;
  const { mapping, version } = readMappingOf(last) ?? { mapping: DEFAULT_MAPPING, version: 0 };
  return { mapping, version, migrations: since };
}

/** @throws {SetupError} `mapping-invalid`, with the file's name. */
function readMappingOf(migration: MigrationFile): InstalledMapping | undefined {
  try {
    return readMapping(migration.text);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    const { code, message } = error;
    throw new SetupError(
      code,
      `The line "-- file-events mapping" of ${migrationPath(migration)} was changed, so that it ` +
        `cannot be read: restore it. (${message})`,
    );
  }
}

/** What stands in each of them, also in those that were copied before they named a mapping. */
const OURS = /^-- file-events mapping: |file_changes_since|file_events\.broadcast/m;

/** Others may give a migration of theirs the same name. */
function isOurs({ name, text }: MigrationFile): boolean {
  const names: readonly string[] = MIGRATION_NAMES;
  return names.includes(name) && OURS.test(text);
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
