import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { SetupError } from "../setup_error.ts";

/**
 * The folder that has the project's `supabase/`: the nearest around `cwd`, or `chosen`.
 *
 * @param home The folder of this program, which is no project to install in.
 * @throws {SetupError} `no-project` or `own-folder`.
 */
export async function findProject(
  { cwd, chosen, home }: { cwd: string; chosen: string | undefined; home: string },
): Promise<string> {
  const start = resolve(cwd, chosen ?? ".");
  const folders = chosen === undefined ? ancestorsOf(start) : [start];
  // The folder `supabase` itself may be named, or be where the command is called.
  if (basename(start) === "supabase" && await exists(join(start, "config.toml"))) {
    folders.unshift(dirname(start));
  }
  // Further up, a folder of this name may be anything.
  const found = await firstWith(folders, "supabase/config.toml") ??
    await firstWith([start], "supabase");
  if (found === undefined) {
    throw new SetupError(
      "no-project",
      `${start} ${chosen === undefined ? "is not in" : "is not"} a Supabase project: run ` +
        "supabase init there, or name the project's folder with --project.",
    );
  }
  if (await realpath(found) === await realpath(home)) {
    throw new SetupError(
      "own-folder",
      "This is the folder of file-events itself: name your project's folder with --project.",
    );
  }
  return found;
}

function ancestorsOf(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestorsOf(parent)];
}

async function firstWith(folders: readonly string[], path: string): Promise<string | undefined> {
  for (const folder of folders) {
    if (await exists(join(folder, path))) return folder;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
