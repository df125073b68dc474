import { readLiveChoice } from "../database/read_live_choice.ts";
import type { Io } from "../io.ts";
import { parseAddOptions } from "../options/parse_options.ts";
import { readInstalled } from "../project/installed.ts";
import { openProject, refuseHiddenSchema } from "../project/open_project.ts";
import { consultDatabase } from "./consult_database.ts";
import { decideMapping } from "./decide_mapping.ts";
import { install } from "./install.ts";
import { refuseUnfit } from "./refuse_unfit.ts";

/** Adds file-events to a Supabase project, or changes what it streams there. */
export async function add(args: string[], io: Io): Promise<number> {
  const options = parseAddOptions(args);
  const project = await openProject(options, io);
  refuseHiddenSchema(project);
  const installed = readInstalled(project.migrations);
  const decided = await consultDatabase(options, io, async ({ database, state }) => {
    if (state) refuseUnfit(state);
    const decision = await decideMapping({ options, installed, database, io });
    const liveChoice = database && !decision.newTable
      ? await readLiveChoice(database, decision.mapping)
      : undefined;
    return { ...decision, liveChoice, state };
  });
  return await install({ ...decided, project, installed, options, io });
}
