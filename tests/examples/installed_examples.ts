import { cp, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "../../setup/version.ts";
import { execute } from "../support/execute.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The examples as their readers have them: copied, and installed by npm with the packed client. */
export interface InstalledExamples extends AsyncDisposable {
  /** The folder of an example. */
  path(example: string): string;
}

export async function installExamples(...examples: string[]): Promise<InstalledExamples> {
  await using resources = new AsyncDisposableStack();
  const { path: folder } = resources.use(await temporaryFolder());
  await execute(Deno.execPath(), ["task", "pack", folder], ROOT);
  const tarball = join(folder, `file-events-${VERSION}.tgz`);
  const path = (example: string) => join(folder, example);

  await Promise.all(examples.map(async (example) => {
    const isOwn = (source: string) => !["node_modules", "dist"].includes(basename(source));
    await cp(join(ROOT, "examples", example), path(example), { recursive: true, filter: isOwn });
    await changeFile(join(path(example), "package.json"), {
      [`"file-events": "${VERSION}"`]: `"file-events": "file:${tarball}"`,
    });
    const flags = ["--no-audit", "--no-fund", "--prefer-offline"];
    await execute("npm", ["install", ...flags], path(example));
  }));

  const kept = resources.move();
  return { path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Replaces each text of `changes`, which is in the file once, by the other. */
export async function changeFile(path: string, changes: Record<string, string>): Promise<void> {
  let text = await readFile(path, "utf8");
  for (const [from, to] of Object.entries(changes)) {
    const parts = text.split(from);
    if (parts.length !== 2) throw new Error(`${path} must have ${from} once`);
    text = parts.join(to);
  }
  await writeFile(path, text);
}
