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
import { buildClient } from "./build_client.ts";
import { bundledLicenses } from "./bundled_licenses.ts";
import { packageManifest } from "./package_manifest.ts";

const run = promisify(execFile);

/**
 * What the installer reads at run time, and where it is in the package. The bundle is one file, so
 * that a path that a module takes from its own folder starts at `setup/` there.
 */
const DATA = [
  ["supabase/functions/file-events", "supabase/functions/file-events"],
  ["setup/sql/templates", "setup/templates"],
  ["docs/client.md", "docs/client.md"],
  ["LICENSE", "LICENSE"],
  ["README.md", "README.md"],
] as const;

const target = resolve(process.env.INIT_CWD ?? process.cwd(), process.argv[2] ?? ".");
const folder = await mkdtemp(join(tmpdir(), "file-events-package-"));
try {
  await run(process.execPath, [
    ...["bundle", "--quiet", "--platform", "deno", "--outdir", join(folder, "setup")],
    "setup/main.ts",
  ], { cwd: HOME });
  await chmod(join(folder, "setup/main.js"), 0o755);
  await buildClient(join(folder, "client"));
  for (const [from, to] of DATA) await cp(join(HOME, from), join(folder, to), { recursive: true });
  await writeFile(join(folder, "LICENSES.txt"), await bundledLicenses());
  const manifest = JSON.stringify(packageManifest(), null, 2);
  await writeFile(join(folder, "package.json"), `${manifest}\n`);
  await mkdir(target, { recursive: true });
  await run("npm", ["pack", "--silent", "--pack-destination", target], { cwd: folder });
} finally {
  await rm(folder, { recursive: true });
}
process.stdout.write(`${join(target, `file-events-${VERSION}.tgz`)}\n`);
