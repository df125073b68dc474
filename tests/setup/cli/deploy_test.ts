import assert from "node:assert/strict";
import { startManagementApi } from "../../support/management_api.ts";
import { deployFunction, runSupabase } from "../../support/supabase_cli.ts";
import { call } from "../call.ts";
import { temporaryProject } from "../temporary_project.ts";

const FUNCTION = "supabase/functions/file-events";

Deno.test("supabase deploys what add has written into a project of supabase init", async () => {
  await using api = startManagementApi();
  await using project = await temporaryProject({});
  const init = await runSupabase(project.path, api.url, ["init", "--yes"]);
  assert.equal(init.code, 0, init.stderr);
  const before = await project.files();
  assert.ok(before["supabase/config.toml"]);

  assert.equal((await call(project, "add", "--new-table", "--yes")).errors, "");
  const { code, stdout, stderr } = await deployFunction(project.path, api.url);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stdout + stderr, /warn|deprecated|unknown/i);
  const [deployment] = api.deployments;
  assert.equal(deployment?.slug, "file-events");
  assert.equal(deployment.metadata.verify_jwt, false);
  assert.equal(deployment.metadata.import_map_path, `${FUNCTION}/deno.json`);
  const text = new TextDecoder();
  const written = await project.files();
  const deployed = [...deployment.files].map(([path, bytes]) => [path, text.decode(bytes)]);
  const expected = Object.entries(written).filter(([path]) =>
    path.startsWith(FUNCTION) && !path.endsWith("/installed.json")
  );
  assert.deepEqual(deployed.sort(), expected.sort());

  // Afterwards nothing is left but migrations.
  assert.equal((await call(project, "remove", "--yes")).errors, "");
  const after = Object.entries(await project.files())
    .filter(([path]) => !path.startsWith("supabase/migrations/"));
  assert.deepEqual(after.sort(), Object.entries(before).sort());
});
