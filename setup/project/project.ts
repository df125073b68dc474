import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SetupError } from "../setup_error.ts";
import { type MigrationFile, parseMigrationPath } from "./migration_file.ts";

/** What of a Supabase project matters here, as it is on the disk. */
export interface Project {
  readonly root: string;
  /** The text of `supabase/config.toml`, with its byte order mark if it has one. */
  readonly config: string | undefined;
  /** In the order in which the CLI applies them. */
  readonly migrations: readonly MigrationFile[];
  /** Files of `supabase/functions/file-events` by their paths in it. */
  readonly functionFiles: ReadonlyMap<string, string>;
}

/** Paths from the root of a project. */
export const CONFIG = "supabase/config.toml";
export const MIGRATIONS = "supabase/migrations";
export const FUNCTION = "supabase/functions/file-events";

/**
 * @throws {SetupError} `config-encoding` if `config.toml` is not UTF-8, `cannot-read` for a file or
 * folder that is there and cannot be read.
 */
export async function readProject(root: string): Promise<Project> {
  const migrations: MigrationFile[] = [];
  for (const path of (await namesIn(join(root, MIGRATIONS))).sort()) {
    const parsed = parseMigrationPath(path);
    const text = parsed && await readText(join(root, MIGRATIONS, path));
    if (parsed && text !== undefined) migrations.push({ ...parsed, text });
  }
  const functionFiles = new Map<string, string>();
  for (const path of await namesIn(join(root, FUNCTION))) {
    const text = await readText(join(root, FUNCTION, path));
    if (text !== undefined) functionFiles.set(path.replaceAll("\\", "/"), text);
  }
  return { root, config: await readConfig(root), migrations, functionFiles };
}

async function readConfig(root: string): Promise<string | undefined> {
  const bytes = await unlessMissing(readFile(join(root, CONFIG)));
  try {
    return bytes && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SetupError("config-encoding", `${CONFIG} is not UTF-8: save it as UTF-8.`);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return await unlessMissing(readdir(folder, { recursive: true })) ?? [];
}

/** Nothing for a folder. */
function readText(path: string): Promise<string | undefined> {
  return unlessMissing(readFile(path, "utf8"));
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    const { code, path } = error as { code?: string; path?: string };
    if (code === "ENOENT" || code === "EISDIR") return;
    throw new SetupError(
      "cannot-read",
      `Cannot read ${
        path ?? "a file of the project"
      } (${code}): see to its permissions and that it ` +
        "is what its name says, then run this again.",
    );
  }
}
