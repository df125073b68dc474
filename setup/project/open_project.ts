import { exposedSchemas } from "../config_toml/exposed_schemas.ts";
import type { Io } from "../io.ts";
import type { CommonOptions } from "../options/parse_options.ts";
import { HOME } from "../own_files.ts";
import { SetupError } from "../setup_error.ts";
import { findProject } from "./find_project.ts";
import { type Project, readProject } from "./project.ts";

/** Finds and reads the project that a command is for. */
export async function openProject({ project }: CommonOptions, { cwd }: Io): Promise<Project> {
  return await readProject(await findProject({ cwd, chosen: project, home: HOME }));
}

/** @throws {SetupError} `api-schema` if the Data API would not show the catch-up query. */
export function refuseHiddenSchema({ config }: Project): void {
  const schemas = config === undefined ? undefined : exposedSchemas(config);
  if (!schemas || schemas.includes("public")) return;
  throw new SetupError(
    "api-schema",
    "The Data API does not expose the schema public, where the function's query is: turn it on " +
      "in supabase/config.toml under [api], with public among its schemas.",
  );
}
