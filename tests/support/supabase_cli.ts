import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { supabaseBinary } from "./supabase_binary.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** The reference of a project that the stand-in for the management API knows. */
export const PROJECT = "abcdefghijklmnopqrst";

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Deploys the function with the real CLI to the stand-in for Supabase's management API. */
export function deployFunction(workdir: string, apiUrl: string): Promise<CliResult> {
  return runSupabase(workdir, apiUrl, [
    ...["functions", "deploy", "file-events", "--use-api", "--yes", `--remote=${PROJECT}`],
  ]);
}

/** Runs the real CLI, with a home of its own so that no account is touched. */
export async function runSupabase(
  workdir: string,
  apiUrl: string,
  args: string[],
): Promise<CliResult> {
  await using home = await temporaryFolder();
  const profile = join(home.path, "profile.yaml");
  await writeFile(
    profile,
    `name: stand-in\napi_url: ${apiUrl}\ndashboard_url: ${apiUrl}\nproject_host: 127.0.0.1\n`,
  );
  const { code, stdout, stderr } = await new Deno.Command(await supabaseBinary(), {
    args: [...args, "--profile", profile, "--workdir", workdir],
    env: {
      HOME: home.path,
      USERPROFILE: home.path,
      SUPABASE_ACCESS_TOKEN: `sbp_${"0".repeat(40)}`,
      DO_NOT_TRACK: "1",
    },
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}
