import { removeFunctionEntry } from "../config_toml/remove_function_entry.ts";
import { MANIFEST, readManifest } from "../function/manifest.ts";
import { planRemoval } from "../function/plan_function.ts";
import { type Installed, REMOVAL } from "../project/installed.ts";
import { type MigrationFile, migrationPath } from "../project/migration_file.ts";
import { CONFIG, FUNCTION, MIGRATIONS, type Project } from "../project/project.ts";
import { readDefaultScript, renderScript } from "../sql/render.ts";
import type { FileChange, Plan } from "./file_change.ts";
import { isSameText } from "./is_same_text.ts";
import { newMigrations } from "./plan_migrations.ts";

export interface Removal {
  readonly project: Project;
  readonly installed: Installed | undefined;
  /** The function's files of this version. */
  readonly own: ReadonlyMap<string, string>;
  /** Versions of the migrations that the database has; nothing if nobody knows. */
  readonly applied: readonly string[] | undefined;
  readonly now: Date;
}

/** What takes file-events out of a project again; no changes if it is not there. */
export async function planRemovalOf(removal: Removal): Promise<Plan> {
  const { project, own } = removal;
  const present = project.functionFiles;
  const manifest = readManifest(present.get(MANIFEST));
  const isThere = removal.installed !== undefined || present.size > 0;
  if (!isThere) return { changes: [], notes: [] };
  const { changes, notes } = await planRemoval({ own, present, manifest });
  return {
    changes: [
      ...removeEntry(project, manifest),
      ...await removeMigrations(removal),
      ...changes,
      // Last, because what comes before needs it if this is interrupted and called again.
      ...deletion(`${FUNCTION}/${MANIFEST}`, present.get(MANIFEST)),
    ],
    notes,
  };
}

/** Migrations that were never applied go. Others are history: one more takes back what they did. */
async function removeMigrations(
  { project, installed, applied, now }: Removal,
): Promise<FileChange[]> {
  if (!installed) return [];
  const { mapping, migrations } = installed;
  if (applied && !migrations.some(({ version }) => applied.includes(version))) {
    const table = await unappliedTable(project.migrations, applied);
    return [...table, ...migrations].flatMap((file) =>
      deletion(`${MIGRATIONS}/${migrationPath(file)}`, file.text)
    );
  }
  const text = await renderScript(REMOVAL, mapping);
  return newMigrations([{ name: REMOVAL, text }], project.migrations, now);
}

/** The migration that makes the default table, if it is ours and was never applied. */
async function unappliedTable(files: readonly MigrationFile[], applied: readonly string[]) {
  const text = await readDefaultScript("files");
  return files.filter((file) => isSameText(file.text, text) && !applied.includes(file.version));
}

function removeEntry(
  { config }: Project,
  manifest: ReturnType<typeof readManifest>,
): FileChange[] {
  if (config === undefined) return [];
  const text = removeFunctionEntry(config, manifest?.config);
  if (text === config) return [];
  return [{ path: CONFIG, text, before: config, isEdited: false }];
}

function deletion(path: string, before: string | undefined): FileChange[] {
  return before === undefined ? [] : [{ path, text: undefined, before, isEdited: false }];
}
