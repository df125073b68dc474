import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The clone or the package that this runs from, without a slash at its end. */
export const HOME = fileURLToPath(new URL("../", import.meta.url)).replace(/[/\\]$/, "");

/** How this program is called again. */
export const COMMAND = import.meta.url.endsWith(".ts")
  ? `deno run -A ${HOME}/setup/main.ts`
  : "npx file-events";

/** The files of the function, by their paths in its folder. */
export async function readOwnFunction(): Promise<Map<string, string>> {
  const folder = new URL("../supabase/functions/file-events/", import.meta.url);
  const files = new Map<string, string>();
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = name.replaceAll("\\", "/");
    if (!/\.ts$|^deno\.json$/.test(path)) continue;
    files.set(path, await readFile(new URL(path, folder), "utf8"));
  }
  return files;
}
