/**
 * `deno task pack [DIR]`: builds `file-events-<version>.tgz`, the npm package. Runs on Deno, whose
 * bundler it uses, and needs npm.
 */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { HOME } from "../own_files.ts";
import { VERSION } from "../version.ts";
import { bundledLicenses } from "./bundled_licenses.ts";
import { packageManifest } from "./package_manifest.ts";

const run = promisify(execFile);

/** What the command reads at run time, where it is from the repository's root. */
const DATA = ["supabase/functions/file-events", "supabase/migrations", "supabase/scripts"];

const target = resolve(process.env.INIT_CWD ?? process.cwd(), process.argv[2] ?? ".");
const folder = await mkdtemp(join(tmpdir(), "file-events-package-"));
try {
  await run(process.execPath, [
    ...["bundle", "--quiet", "--platform", "deno", "--outdir", join(folder, "setup")],
    "setup/main.ts",
  ], { cwd: HOME });
  await chmod(join(folder, "setup/main.js"), 0o755);
  for (const path of DATA) await cp(join(HOME, path), join(folder, path), { recursive: true });
  for (const path of ["LICENSE", "README.md"]) await cp(join(HOME, path), join(folder, path));
  await writeFile(join(folder, "LICENSES.txt"), await bundledLicenses());
  const manifest = JSON.stringify(packageManifest(), null, 2);
  await writeFile(join(folder, "package.json"), `${manifest}\n`);
  await mkdir(target, { recursive: true });
  await run("npm", ["pack", "--silent", "--pack-destination", target], { cwd: folder });
} finally {
  await rm(folder, { recursive: true });
}
process.stdout.write(`${join(target, `file-events-${VERSION}.tgz`)}\n`);
