import type { TableMapping } from "../mapping/table_mapping.ts";
import { HOME } from "../own_files.ts";
import { findProject } from "../project/find_project.ts";
import { readInstalled } from "../project/installed.ts";
import { readProject } from "../project/project.ts";
import { SetupError } from "../setup_error.ts";

/** There is no project to read. Other refusals are about one that is there. */
const NO_PROJECT: readonly string[] = ["no-project", "own-folder"];

/**
 * Finds the mapping that the migrations of a project say.
 *
 * @param options.chosen The project's folder, if the user names one.
 * @returns `undefined` if there is no project around `cwd`, or nothing is installed in it.
 * @throws {SetupError} If the chosen folder is no project, or the project cannot be read.
 */
export async function findMapping(
  { cwd, chosen }: { cwd: string; chosen: string | undefined },
): Promise<TableMapping | undefined> {
  try {
    const { migrations } = await readProject(await findProject({ cwd, chosen, home: HOME }));
    return readInstalled(migrations)?.mapping;
  } catch (error) {
    const isNoProject = error instanceof SetupError && NO_PROJECT.includes(error.code);
    if (isNoProject && chosen === undefined) return undefined;
    throw error;
  }
}
