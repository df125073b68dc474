import { copyFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "../../../setup/version.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { execute } from "../../support/execute.ts";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const COMPILER = fileURLToPath(new URL("tsc.js", import.meta.resolve("typescript")));

/** What is installed beside the package, in the versions that the tests have elsewhere. */
const COMPANIONS = ["@supabase/supabase-js", "@types/react", "react", "supabase-js-2.58"];

/** The package as a user has it: built, packed, and installed by npm in a folder. */
export interface InstalledPackage extends AsyncDisposable {
  readonly tarball: string;
  /** The user's folder, in which `node_modules` is. */
  readonly folder: string;
  /** Compiles programs of `programs/` into the folder; fails with the compiler's words. */
  compile(programs: readonly string[], compilerOptions: object): Promise<void>;
}

export async function installPackage(): Promise<InstalledPackage> {
  await using resources = new AsyncDisposableStack();
  const { path: packed } = resources.use(await temporaryFolder());
  const { path: folder } = resources.use(await temporaryFolder());
  await execute(Deno.execPath(), ["task", "pack", packed], ROOT);
  const tarball = join(packed, `file-events-${VERSION}.tgz`);

  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  const flags = ["--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"];
  await execute("npm", ["install", ...flags, tarball, ...await companions()], folder);

  const kept = resources.move();
  return {
    tarball,
    folder,
    async compile(programs, compilerOptions) {
      for (const program of programs) {
        const source = new URL(program, import.meta.url);
        await copyFile(source, join(folder, basename(program)));
      }
      const project = {
        compilerOptions: {
          target: "es2022",
          types: [],
          strict: true,
          noUncheckedIndexedAccess: true,
          exactOptionalPropertyTypes: true,
          ...compilerOptions,
        },
        files: programs.map((program) => basename(program)),
      };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify(project));
      await execute(Deno.execPath(), ["run", "--allow-all", COMPILER, "-p", folder], folder);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** `name@npm:package@version` for each, as `deno.tests.json` pins them. */
async function companions(): Promise<string[]> {
  const { imports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.tests.json")));
  return COMPANIONS.map((name) => `${name}@${imports[name]}`);
}
