import { mkdir, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
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
        await writeFile(target, text);
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

async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  if (folder === TOP || folder === ".") return;
  if ((await readdir(join(root, folder))).length > 0) return;
  await rmdir(join(root, folder));
  await removeEmptyFolders(root, dirname(folder));
}
