import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findProject } from "../../../../setup/project/find_project.ts";
import { temporaryProject } from "../../temporary_project.ts";

const home = "/";

Deno.test("findProject() finds the project around a folder, also from inside of supabase", async () => {
  await using project = await temporaryProject({
    "supabase/config.toml": "",
    "supabase/functions/a/index.ts": "",
    "src/deep/a.ts": "",
  });
  for (const folder of ["", "src/deep", "supabase", "supabase/functions/a"]) {
    const cwd = join(project.path, folder);
    assert.equal(await findProject({ cwd, chosen: undefined, home }), project.path, folder);
  }
});

Deno.test("findProject() takes the nearest of two projects", async () => {
  await using project = await temporaryProject({
    "supabase/config.toml": "",
    "apps/web/supabase/config.toml": "",
    "apps/web/src/a.ts": "",
  });
  const cwd = join(project.path, "apps/web/src");
  assert.equal(
    await findProject({ cwd, chosen: undefined, home }),
    join(project.path, "apps/web"),
  );
});

Deno.test("findProject() does with a folder supabase that has no config.toml", async () => {
  await using project = await temporaryProject({ "supabase/migrations/1_a.sql": "" });
  const cwd = project.path;
  assert.equal(await findProject({ cwd, chosen: undefined, home }), project.path);
});

Deno.test("findProject() does not take a folder supabase further up for a project", async () => {
  await using project = await temporaryProject({ "supabase/README.md": "", "src/a.ts": "" });
  const cwd = join(project.path, "src");
  await assert.rejects(findProject({ cwd, chosen: undefined, home }), { code: "no-project" });
});

Deno.test("findProject() takes the folder that is named, or its folder supabase", async () => {
  await using project = await temporaryProject({ "a/supabase/config.toml": "" });
  const expected = join(project.path, "a");
  for (const chosen of ["a", "a/", "./a/supabase", expected]) {
    assert.equal(await findProject({ cwd: project.path, chosen, home }), expected, chosen);
  }
});

Deno.test("findProject() does not look around the folder that is named", async () => {
  await using project = await temporaryProject({ "supabase/config.toml": "", "src/a.ts": "" });
  await assert.rejects(findProject({ cwd: project.path, chosen: "src", home }), {
    code: "no-project",
    message: /src is not a Supabase project: run supabase init/,
  });
});

Deno.test("findProject() says to run supabase init where there is no project", async () => {
  await using project = await temporaryProject({});
  await mkdir(join(project.path, "src"));
  const cwd = join(project.path, "src");
  await assert.rejects(findProject({ cwd, chosen: undefined, home }), {
    code: "no-project",
    message: /supabase init/,
  });
});

Deno.test("findProject() refuses the folder of file-events itself", async () => {
  await using project = await temporaryProject();
  const { path } = project;
  await assert.rejects(findProject({ cwd: path, chosen: undefined, home: path }), {
    code: "own-folder",
    message: /--project/,
  });
});
