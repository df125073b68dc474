import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The folder of the package `name`, of which `path` is a file or folder. */
export async function packageFolder(path: string, name: string): Promise<string> {
  const manifest = await readManifest(path).catch(() => undefined);
  if (manifest?.name === name) return path;
  if (dirname(path) === path) throw new Error(`Cannot find the package ${name}`);
  return await packageFolder(dirname(path), name);
}

/** What the `package.json` in a package's folder says. */
export async function readManifest(folder: string): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
}
