import { SCHEMA_VERSION } from "../../supabase/functions/file-events/schema_version.ts";
import type { DatabaseState } from "../database/read_state.ts";
import type { Io } from "../io.ts";
import type { TableMapping } from "../mapping/table_mapping.ts";
import type { CommonOptions } from "../options/parse_options.ts";
import { COMMAND, readOwnFunction } from "../own_files.ts";
import { describeMapping } from "../plan/describe_mapping.ts";
import { planInstallation } from "../plan/plan_installation.ts";
import type { Installed } from "../project/installed.ts";
import { MIGRATIONS, type Project } from "../project/project.ts";
import { carryOut } from "./carry_out.ts";

export interface Wanted {
  readonly project: Project;
  readonly installed: Installed | undefined;
  readonly mapping: TableMapping;
  readonly newTable: boolean;
  /** What the table's policies ask for, if that is known. */
  readonly liveChoice?: "rows" | "pings" | undefined;
  /** What the database has; nothing if nobody knows. */
  readonly state: DatabaseState | undefined;
  readonly options: CommonOptions;
  readonly io: Io;
}

/** Brings a project to this version and this mapping, and says what to do next. */
export async function install(wanted: Wanted): Promise<number> {
  const { project, mapping, liveChoice, options, io } = wanted;
  const own = await readOwnFunction();
  const plan = await planInstallation({ ...wanted, own, now: new Date() });
  for (const line of describeMapping(mapping, liveChoice)) io.print(line);
  if (!wanted.state && !wanted.newTable) {
    io.print(
      "Not compared with the table: no --database-url. The migration checks it at the push.",
    );
  }
  if (plan.changes.length === 0) {
    io.print("Nothing to do: all of this is in the project already.");
    if (wanted.state && (wanted.state.schemaVersion ?? 0) < SCHEMA_VERSION) {
      io.print("The database does not have it yet: run supabase db push.");
    }
    return 0;
  }
  if (!await carryOut(plan, { root: project.root, options, io })) return 0;
  const hasMigrations = plan.changes.some(({ path }) => path.startsWith(MIGRATIONS));
  const isFunctionChanged = plan.changes.some(({ path }) => !path.startsWith(MIGRATIONS));
  for (const line of nextSteps({ hasMigrations, isFunctionChanged })) io.print(line);
  return 0;
}

function nextSteps(
  { hasMigrations, isFunctionChanged }: { hasMigrations: boolean; isFunctionChanged: boolean },
): string[] {
  const steps = [
    ...hasMigrations ? [["supabase db push", "applies the migrations"]] : [],
    ...isFunctionChanged
      ? [
        ["supabase functions deploy file-events", ""],
        [
          "supabase secrets set FILE_EVENTS_WORKER_LIMIT_MS=400000",
          "on a paid plan, where isolates live longer",
        ],
      ]
      : [],
  ];
  return [
    "Written. Next, in the project's folder (supabase link first, if it is not linked):",
    ...steps.map(([command, why]) => `  ${command}${why ? `   # ${why}` : ""}`),
    "Then see that it works:",
    `  ${COMMAND} doctor --url https://<project>.supabase.co --key <publishable key>`,
  ];
}
