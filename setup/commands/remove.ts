import type { Io } from "../io.ts";
import { parseCommonOptions } from "../options/parse_options.ts";
import { readOwnFunction } from "../own_files.ts";
import { planRemovalOf } from "../plan/plan_removal.ts";
import { readInstalled } from "../project/installed.ts";
import { openProject } from "../project/open_project.ts";
import { MIGRATIONS } from "../project/project.ts";
import { carryOut } from "./carry_out.ts";
import { consultDatabase } from "./consult_database.ts";

/** Takes file-events out of a Supabase project. The streamed table and its rows stay. */
export async function remove(args: string[], io: Io): Promise<number> {
  const options = parseCommonOptions(args);
  const project = await openProject(options, io);
  const applied = await consultDatabase(options, io, ({ state }) => {
    // What is there without a trace in the CLI's list was applied in another way.
    const isKnown = state && state.schemaVersion === undefined;
    return Promise.resolve(isKnown ? state.appliedMigrations ?? [] : undefined);
  });
  const installed = readInstalled(project.migrations);
  const own = await readOwnFunction();
  const plan = await planRemovalOf({ project, installed, own, applied, now: new Date() });
  if (plan.changes.length === 0) {
    io.print("Nothing to do: file-events is not in this project.");
    return 0;
  }
  if (!await carryOut(plan, { root: project.root, options, io })) return 0;
  const hasMigration = plan.changes.some(({ path, text }) =>
    path.startsWith(MIGRATIONS) && text !== undefined
  );
  io.print("Removed from the project. Next, in this order:");
  // Streams cannot catch up without the query that the migration drops.
  io.print("  supabase functions delete file-events   # where it was deployed");
  if (hasMigration) io.print("  supabase db push   # the table and its rows stay");
  return 0;
}
