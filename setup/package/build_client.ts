import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { HOME } from "../own_files.ts";
import { packageFolder } from "./package_folder.ts";

/** Where TypeScript finds the types of each package that the client imports. */
const TYPES = [
  ["eventsource-parser", "eventsource-parser", import.meta.resolve("eventsource-parser")],
  ["react", "@types/react", import.meta.resolve("@types/react/package.json")],
] as const;

/**
 * Translates `client/` to JavaScript and declarations, one of each for a module.
 *
 * @throws {Error} With the compiler's words if the client has a fault.
 */
export async function buildClient(target: string): Promise<void> {
  const paths: Record<string, string[]> = {};
  for (const [name, types, entry] of TYPES) {
    paths[name] = [await packageFolder(fileURLToPath(entry), types)];
  }
  const folder = await mkdtemp(join(tmpdir(), "file-events-client-"));
  try {
    await writeFile(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: join(HOME, "client/tsconfig.json"),
        compilerOptions: { rootDir: join(HOME, "client"), outDir: target, paths },
        include: [join(HOME, "client")],
      }),
    );
    await compile(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function compile(project: string): Promise<void> {
  const compiler = fileURLToPath(new URL("tsc.js", import.meta.resolve("typescript")));
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ["run", "--allow-all", compiler, "-p", project], (error, output) => {
      if (error) reject(new Error(`Cannot compile the client:\n${output}`, { cause: error }));
      else resolve();
    });
  });
}
