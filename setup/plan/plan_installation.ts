import { addFunctionEntry } from "../config_toml/add_function_entry.ts";
import { MANIFEST, readManifest, writeManifest } from "../function/manifest.ts";
import { planFunction } from "../function/plan_function.ts";
import type { TableMapping } from "../mapping/table_mapping.ts";
import type { Installed } from "../project/installed.ts";
import { CONFIG, FUNCTION, type Project } from "../project/project.ts";
import type { FileChange, Plan } from "./file_change.ts";
import { isSameText } from "./is_same_text.ts";
import { planMigrations } from "./plan_migrations.ts";

export interface Installation {
  readonly project: Project;
  readonly installed: Installed | undefined;
  readonly mapping: TableMapping;
  readonly newTable: boolean;
  /** The function's files of this version. */
  readonly own: ReadonlyMap<string, string>;
  readonly now: Date;
}

/** What brings a project to this version and this mapping; no changes if it is there already. */
export async function planInstallation(installation: Installation): Promise<Plan> {
  const { project, own } = installation;
  const migrations = await planMigrations({ ...installation, existing: project.migrations });
  const present = project.functionFiles;
  const manifest = readManifest(present.get(MANIFEST));
  const { changes, notes } = await planFunction({ own, present, manifest });
  const { text, edit } = addFunctionEntry(project.config);
  // An entry that is there may be the one that an earlier call has made.
  const made = edit.kind === "none" ? manifest?.config ?? edit : edit;
  const config = changeOf(CONFIG, text, project.config);
  const record = changeOf(
    `${FUNCTION}/${MANIFEST}`,
    await writeManifest(own, made),
    present.get(MANIFEST),
  );
  return { changes: [...migrations, ...changes, ...record, ...config], notes };
}

/** A change, unless the file is like this already. */
function changeOf(path: string, text: string, before: string | undefined): FileChange[] {
  return before !== undefined && isSameText(text, before)
    ? []
    : [{ path, text, before, isEdited: false }];
}
