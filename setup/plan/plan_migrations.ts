import { SCHEMA_VERSION } from "../../supabase/functions/file-events/schema_version.ts";
import type { TableMapping } from "../mapping/table_mapping.ts";
import { type Installed, lastNamed, MIGRATION_NAMES } from "../project/installed.ts";
import { type MigrationFile, migrationPath, nextVersions } from "../project/migration_file.ts";
import { MIGRATIONS } from "../project/project.ts";
import { SetupError } from "../setup_error.ts";
import { readDefaultScript, renderScript } from "../sql/render.ts";
import type { FileChange } from "./file_change.ts";
import { isSameText } from "./is_same_text.ts";

export interface WantedMigrations {
  readonly mapping: TableMapping;
  /** Whether the default table is created too. */
  readonly newTable: boolean;
  readonly existing: readonly MigrationFile[];
  readonly installed: Installed | undefined;
  readonly now: Date;
}

/**
 * Writes the migrations whose text is not the last one in the project, and those that come after
 * them: each may build on the ones before it. No file that may have been applied is touched.
 *
 * @throws {SetupError} `newer-installed` if the project has migrations of a later version.
 */
export async function planMigrations(
  { mapping, newTable, existing, installed, now }: WantedMigrations,
): Promise<FileChange[]> {
  if (installed) refuseOlder(installed);
  const scripts: { name: string; text: string }[] = [];
  if (newTable && !installed) {
    const text = await readDefaultScript("files");
    if (!existing.some((file) => isSameText(file.text, text))) {
      scripts.push({ name: "files", text });
    }
  }
  let isOutdated = false;
  for (const name of MIGRATION_NAMES) {
    const text = await renderScript(name, mapping);
    const last = lastNamed(installed?.migrations ?? [], name);
    isOutdated ||= !last || !isSameText(last.text, text);
    if (isOutdated) scripts.push({ name, text });
  }
  return newMigrations(scripts, existing, now);
}

/** New files for these scripts, after all that are there. */
export function newMigrations(
  scripts: readonly { name: string; text: string }[],
  existing: readonly MigrationFile[],
  now: Date,
): FileChange[] {
  const versions = nextVersions(existing, scripts.length, now);
  return scripts.map(({ name, text }, index) => ({
    path: `${MIGRATIONS}/${migrationPath({ version: versions[index]!, name })}`,
    text,
    before: undefined,
    isEdited: false,
  }));
}

function refuseOlder({ version }: Installed): void {
  if (version <= SCHEMA_VERSION) return;
  throw new SetupError(
    "newer-installed",
    `The project has schema version ${version} of file-events, and this program knows ` +
      `${SCHEMA_VERSION}: use a newer file-events.`,
  );
}
