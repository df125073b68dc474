import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { VERSION } from "../../../setup/version.ts";
import { call } from "../call.ts";
import { temporaryProject } from "../temporary_project.ts";
import { execute } from "../../support/execute.ts";
import { type InstalledPackage, installPackage, ROOT } from "./installed_package.ts";
import { runtimeTests } from "./runtime_tests.ts";
import { sizeTests } from "./size_tests.ts";
import { typeTests } from "./type_tests.ts";

let installed: InstalledPackage;
Deno.test.beforeAll(async () => void (installed = await installPackage()));
Deno.test.afterAll(async () => await installed?.[Symbol.asyncDispose]());

Deno.test("npx file-events add, installed from the tarball, writes what the clone writes", async () => {
  const flags = ["add", "--table", "documents", "--owner", "created_by", "--yes"];
  const files = { "supabase/config.toml": 'project_id = "mine"\n', "src/index.ts": "" };
  await using project = await temporaryProject(files);
  const bin = join(installed.folder, "node_modules/.bin/file-events");
  assert.match(await execute(bin, flags, join(project.path, "src")), /npx file-events doctor/);

  await using expected = await temporaryProject(files);
  assert.equal((await call(expected, ...flags)).errors, "");
  assert.deepEqual(withoutTimes(await project.files()), withoutTimes(await expected.files()));
});

function withoutTimes(files: Record<string, string>) {
  return Object.entries(files).map(([path, text]) => [path.replace(/\/\d{14}_/, "/"), text]).sort();
}

Deno.test("npx file-events says its version, and takes a closed pipe for no error", async () => {
  const { folder } = installed;
  assert.equal(await execute("npx", ["file-events", "--version"], folder), `${VERSION}\n`);
  const pipe = "npx file-events help | true";
  assert.equal(await execute("bash", ["-o", "pipefail", "-c", pipe], folder), "");
});

Deno.test("the package asks for what the client imports, in the version of its tests", async () => {
  const { imports } = JSON.parse(await readFile(join(ROOT, "deno.tests.json"), "utf8"));
  const manifest = join(installed.folder, "node_modules/file-events/package.json");
  const { dependencies, peerDependenciesMeta, engines, license } = JSON.parse(
    await readFile(manifest, "utf8"),
  );
  assert.deepEqual(Object.keys(dependencies), ["eventsource-parser"]);
  assert.equal(
    `npm:eventsource-parser@${dependencies["eventsource-parser"]}`,
    imports["eventsource-parser"],
  );
  assert.deepEqual(peerDependenciesMeta, { react: { optional: true } });
  assert.deepEqual([license, engines.node], ["MIT", ">=20"]);
});

const JUDGES = [["@arethetypeswrong/cli", "--profile", "esm-only"], ["publint", "--strict"]];

for (const [judge, ...flags] of JUDGES) {
  Deno.test(`${judge} finds no fault in the package`, async () => {
    const args = ["run", "--config", "deno.tests.json", "--allow-all", judge!, ...flags];
    await execute(Deno.execPath(), [...args, installed.tarball], ROOT);
  });
}

typeTests(() => installed);
runtimeTests(() => installed);
sizeTests(() => installed);
