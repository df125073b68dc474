import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "../../../setup/version.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { temporaryProject } from "../temporary_project.ts";
import { call } from "../call.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const FLAGS = ["add", "--table", "documents", "--owner", "created_by", "--yes"];

Deno.test("npx file-events add, installed from the tarball, writes what the clone writes", async () => {
  await using folder = await temporaryFolder();
  await execute(Deno.execPath(), ["task", "pack", folder.path], ROOT);
  const tarball = join(folder.path, `file-events-${VERSION}.tgz`);

  await using installed = await temporaryProject();
  await writeFile(join(installed.path, "package.json"), "{}");
  await execute("npm", ["install", "--no-audit", "--no-fund", tarball], installed.path);
  await using project = await temporaryProject({
    "supabase/config.toml": 'project_id = "mine"\n',
    "src/index.ts": "",
  });
  const bin = join(installed.path, "node_modules/.bin/file-events");
  const output = await execute(bin, FLAGS, join(project.path, "src"));
  assert.match(output, /npx file-events doctor/);
  const piped = await execute(
    "bash",
    ["-o", "pipefail", "-c", `"${bin}" help | true`],
    project.path,
  );
  assert.equal(piped, "", "a reader that closes the pipe is no error");
  assert.equal(await execute("npx", ["file-events", "--version"], installed.path), `${VERSION}\n`);

  await using expected = await temporaryProject({
    "supabase/config.toml": 'project_id = "mine"\n',
    "src/index.ts": "",
  });
  assert.equal((await call(expected, ...FLAGS)).errors, "");
  assert.deepEqual(withoutTimes(await project.files()), withoutTimes(await expected.files()));

  const { license, engines, bin: bins } = JSON.parse(
    await readFile(join(installed.path, "node_modules/file-events/package.json"), "utf8"),
  );
  assert.deepEqual([license, engines.node], ["MIT", ">=20"]);
  assert.deepEqual(Object.keys(bins), ["file-events"]);
});

function withoutTimes(files: Record<string, string>) {
  return Object.entries(files).map(([path, text]) => [path.replace(/\/\d{14}_/, "/"), text]).sort();
}

async function execute(command: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd }).output();
  const text = new TextDecoder();
  assert.ok(success, text.decode(stderr));
  return text.decode(stdout);
}
