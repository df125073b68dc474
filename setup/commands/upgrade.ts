import type { Io } from "../io.ts";
import { parseCommonOptions } from "../options/parse_options.ts";
import { requireInstalled } from "../project/installed.ts";
import { openProject, refuseHiddenSchema } from "../project/open_project.ts";
import { checkKind, checkMapping } from "../proposal/check_table.ts";
import { describeTable } from "../proposal/choose_table.ts";
import { consultDatabase } from "./consult_database.ts";
import { install } from "./install.ts";
import { refuseUnfit } from "./refuse_unfit.ts";

/** Brings an installation to this version. What it streams stays as it is. */
export async function upgrade(args: string[], io: Io): Promise<number> {
  const options = parseCommonOptions(args);
  const project = await openProject(options, io);
  refuseHiddenSchema(project);
  const installed = requireInstalled(project.migrations);
  const { mapping } = installed;
  const state = await consultDatabase(options, io, async ({ database, state }) => {
    if (!database) return;
    refuseUnfit(state!);
    const table = await describeTable(database, mapping);
    checkKind(table);
    checkMapping(table, mapping);
    return state;
  });
  return await install({ project, installed, mapping, newTable: false, state, options, io });
}
