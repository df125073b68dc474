import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";

export interface TemporaryProject extends TemporaryFolder {
  /** All files by path from the project's root. */
  files(): Promise<Record<string, string>>;
  write(path: string, text: string): Promise<void>;
}

/** A Supabase project with these files; those of a new one if none are given. */
export async function temporaryProject(
  files: Readonly<Record<string, string>> = { "supabase/config.toml": 'project_id = "mine"\n' },
): Promise<TemporaryProject> {
  const folder = await temporaryFolder();
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  return {
    path: folder.path,
    write,
    async files() {
      const found: Record<string, string> = {};
      const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
      for (const entry of entries.filter((entry) => entry.isFile())) {
        const path = join(entry.parentPath, entry.name);
        found[path.slice(folder.path.length + 1).replaceAll("\\", "/")] = await readFile(
          path,
          "utf8",
        );
      }
      return found;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
