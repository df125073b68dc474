import {
  access,
  chmod,
  constants,
  mkdir,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { SetupError } from "../setup_error.ts";
import type { FileChange } from "./file_change.ts";

/** The folder that stays even if it becomes empty. */
const TOP = "supabase";

/**
 * Writes and deletes files of a project, in order. Folders that become empty go.
 *
 * @throws {SetupError} `cannot-write`, with the path. Running the command again goes on from there.
 */
export async function writeChanges(root: string, changes: readonly FileChange[]): Promise<void> {
  for (const { path, text } of changes) {
    const target = join(root, path);
    try {
      if (text === undefined) {
        await rm(target);
        await removeEmptyFolders(root, dirname(path));
      } else {
        await mkdir(dirname(target), { recursive: true });
        await replaceFile(target, text);
      }
    } catch (error) {
      const { code } = error as { code?: string };
      throw new SetupError(
        "cannot-write",
        `Cannot write ${path} (${code}): see to its permissions, then run this again.`,
      );
    }
  }
}

/**
 * Writes a file as a whole or not at all: half of a migration would be applied, and half of a
 * `config.toml` is the user's loss.
 */
async function replaceFile(path: string, text: string): Promise<void> {
  // A link stays one, and the file keeps its mode.
  const target = await unlessMissing(realpath(path)) ?? path;
  const before = await unlessMissing(stat(target));
  if (before) await access(target, constants.W_OK);
  const part = `${target}.${process.pid}.part`;
  try {
    await writeFile(part, text);
    if (before) await chmod(part, before.mode);
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return;
    throw error;
  }
}

async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  if (folder === TOP || folder === ".") return;
  if ((await readdir(join(root, folder))).length > 0) return;
  await rmdir(join(root, folder));
  await removeEmptyFolders(root, dirname(folder));
}
