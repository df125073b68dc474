import assert from "node:assert/strict";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { startManagementApi } from "../support/management_api.ts";
import { deployFunction, PROJECT } from "../support/supabase_cli.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FUNCTION = "supabase/functions/file-events";

Deno.test("supabase functions deploy uploads exactly the function's files", async () => {
  await using api = startManagementApi();
  const { code, stderr } = await deployFunction(ROOT, api.url);
  assert.equal(code, 0, stderr);

  assert.equal(api.deployments.length, 1);
  const { project, slug, files, metadata } = api.deployments[0]!;
  assert.deepEqual([project, slug], [PROJECT, "file-events"]);
  const entries = await readdir(join(ROOT, FUNCTION), { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
  assert.deepEqual([...files.keys()].sort(), names.sort());
  for (const [name, bytes] of files) {
    assert.deepEqual(bytes, new Uint8Array(await readFile(join(ROOT, name))), name);
  }
  assert.equal(metadata.entrypoint_path, `${FUNCTION}/index.ts`);
  assert.equal(metadata.import_map_path, `${FUNCTION}/deno.json`);
});

Deno.test("supabase functions deploy leaves the token's check to the function", async () => {
  await using api = startManagementApi();
  const { code, stderr } = await deployFunction(ROOT, api.url);
  assert.equal(code, 0, stderr);
  assert.equal(api.deployments[0]?.metadata.verify_jwt, false);
});

Deno.test("the Supabase CLI has nothing to warn of", async () => {
  await using api = startManagementApi();
  const { stdout, stderr } = await deployFunction(ROOT, api.url);
  assert.doesNotMatch(stdout + stderr, /warn|deprecated|unknown/i);
});

Deno.test("the Supabase CLI accepts config.toml, and refuses it with a mistake", async () => {
  await using api = startManagementApi();
  await using copy = await temporaryFolder();
  await cp(join(ROOT, "supabase"), join(copy.path, "supabase"), { recursive: true });
  const path = join(copy.path, "supabase/config.toml");
  const config = await readFile(path, "utf8");

  const good = await deployFunction(copy.path, api.url);
  assert.equal(good.code, 0, good.stderr);
  for (
    const [right, wrong] of [
      ["port = 54321", 'port = "many"'],
      ['policy = "per_worker"', 'policy = "per_whim"'],
      ["[realtime]", "[realtime"],
    ] as const
  ) {
    assert.ok(config.includes(right), `config.toml has no ${right}`);
    await writeFile(path, config.replace(right, wrong));
    const bad = await deployFunction(copy.path, api.url);
    assert.notEqual(bad.code, 0, `accepted ${wrong}`);
    assert.match(bad.stderr, /config/i, wrong);
  }
  assert.equal(api.deployments.length, 1);
});
