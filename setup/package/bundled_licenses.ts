import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The packages whose code is in the bundle, each with the package that brings it, if one does. */
const BUNDLED: readonly [name: string, dependent?: string][] = [
  ["eventsource-parser"],
  ["postgres"],
  ["toml-eslint-parser"],
  ["eslint-visitor-keys", "toml-eslint-parser"],
  ["ws"],
];

/** The licences of the packages that are in the bundle, as their authors ask for. */
export async function bundledLicenses(): Promise<string> {
  const parts = ["setup/main.js contains code of these packages.\n"];
  for (const [name, dependent] of BUNDLED) {
    const entry = dependent === undefined
      ? fileURLToPath(import.meta.resolve(name))
      : createRequire(import.meta.resolve(dependent)).resolve(name);
    const folder = await packageFolder(dirname(entry), name);
    const { version, license } = await readManifest(folder);
    const text = await readFile(join(folder, "LICENSE"), "utf8").catch(() => "");
    parts.push(`${name} ${version} (${license})\n\n${text}`);
  }
  return parts.join(`\n${"-".repeat(80)}\n`);
}

async function packageFolder(folder: string, name: string): Promise<string> {
  const manifest = await readManifest(folder).catch(() => undefined);
  if (manifest?.name === name) return folder;
  if (dirname(folder) === folder) throw new Error(`Cannot find the package ${name}`);
  return await packageFolder(dirname(folder), name);
}

async function readManifest(folder: string): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
}
