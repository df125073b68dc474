import type { Io } from "../io.ts";
import { parseCommonOptions } from "../options/parse_options.ts";
import { requireInstalled } from "../project/installed.ts";
import { openProject } from "../project/open_project.ts";
import { renderScript } from "../sql/render.ts";

/** Prints the SQL that checks the database, for the table that the project streams. */
export async function check(args: string[], io: Io): Promise<number> {
  const { migrations } = await openProject(parseCommonOptions(args), io);
  const { mapping } = requireInstalled(migrations);
  io.print((await renderScript("check_installation", mapping)).trimEnd());
  return 0;
}
