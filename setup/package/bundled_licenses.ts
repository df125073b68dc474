import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFolder, readManifest } from "./package_folder.ts";

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
    const folder = await packageFolder(entry, name);
    const { version, license } = await readManifest(folder);
    const text = await readFile(join(folder, "LICENSE"), "utf8").catch(() => "");
    parts.push(`${name} ${version} (${license})\n\n${text}`);
  }
  return parts.join(`\n${"-".repeat(80)}\n`);
}
