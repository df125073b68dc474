import type { TableMapping } from "../mapping/table_mapping.ts";
import { HOME } from "../own_files.ts";
import { findProject } from "../project/find_project.ts";
import { readInstalled } from "../project/installed.ts";
import { readProject } from "../project/project.ts";
import { SetupError } from "../setup_error.ts";

/**
 * Finds the mapping that the migrations of a project say.
 *
 * @param options.chosen The project's folder, if the user names one.
 * @returns `undefined` if there is no project around `cwd`, or nothing is installed in it.
 * @throws {SetupError} If the chosen folder is no project.
 */
export async function findMapping(
  { cwd, chosen }: { cwd: string; chosen: string | undefined },
): Promise<TableMapping | undefined> {
  try {
    const { migrations } = await readProject(await findProject({ cwd, chosen, home: HOME }));
    return readInstalled(migrations)?.mapping;
  } catch (error) {
    if (error instanceof SetupError && chosen === undefined) return undefined;
    throw error;
  }
}
