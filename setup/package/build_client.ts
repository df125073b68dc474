import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { HOME } from "../own_files.ts";

/**
 * Translates `client/` to JavaScript and declarations, one of each for a module. Types are not checked,
 * because this needs no package then: `deno task check` does it, with the same options.
 *
 * @throws {Error} With the compiler's words if a module has a fault that it sees by itself.
 */
export async function buildClient(target: string): Promise<void> {
  const { imports } = JSON.parse(await readFile(join(HOME, "deno.tests.json"), "utf8"));
  // With a configuration or its lock file, Deno would download all that tests need.
  const flags = ["--no-config", "--no-lock", "--allow-all", `${imports.typescript}/tsc`];
  const project = ["-p", join(HOME, "client"), "--outDir", target, "--noCheck"];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ["run", ...flags, ...project], (cause, output) => {
      if (cause) reject(new Error(`Cannot compile the client:\n${output}`, { cause }));
      else resolve();
    });
  });
}
