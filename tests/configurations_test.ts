import assert from "node:assert/strict";

// `deno task dev` downloads all that deno.json and deno.lock name. What only tests and benchmarks
// need is therefore in deno.tests.json and deno.tests.lock, which must agree with them otherwise.
const [project, tests, projectLock, testsLock] = await Promise.all(
  ["deno.json", "deno.tests.json", "deno.lock", "deno.tests.lock"].map(async (name) =>
    JSON.parse(await Deno.readTextFile(new URL(`../${name}`, import.meta.url)))
  ),
);

Deno.test("deno.tests.json sets what deno.json sets", () => {
  for (const name of ["workspace", "nodeModulesDir", "compilerOptions"]) {
    assert.deepEqual(tests[name], project[name], name);
  }
  assert.deepEqual({ ...tests.imports, ...project.imports }, tests.imports, "imports");
});

Deno.test("deno.tests.lock pins each package of deno.lock to the same version", () => {
  const pins = pinsOf(testsLock);
  for (const [id, integrity] of pinsOf(projectLock)) assert.equal(pins.get(id), integrity, id);
});

/** The integrity of each package by `name@version`, without the peers that the lock file adds. */
function pinsOf(lock: { npm: Record<string, { integrity: string }> }): Map<string, string> {
  return new Map(
    Object.entries(lock.npm).map(([id, { integrity }]) => [id.split("_")[0]!, integrity]),
  );
}

Deno.test("each package is pinned to one version", async () => {
  const members = await Promise.all(
    project.workspace.map(async (member: string) =>
      JSON.parse(await Deno.readTextFile(new URL(`../${member}/deno.json`, import.meta.url)))
    ),
  );
  const specifiers = [project, tests, ...members]
    .flatMap(({ imports }) => Object.values<string>(imports ?? {}))
    .filter((specifier) => !specifier.startsWith("./"));
  const pinned = /^npm:(@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+(-[\w.]+)?(\/.*)?$/;
  assert.deepEqual(specifiers.filter((specifier) => !pinned.test(specifier)), []);
});

Deno.test("each action of a workflow is pinned to a commit, and names its version", async () => {
  const folder = new URL("../.github/workflows/", import.meta.url);
  for await (const { name } of Deno.readDir(folder)) {
    const actions = (await Deno.readTextFile(new URL(name, folder))).match(/(?<=uses: ).*/g) ?? [];
    assert.ok(actions.length > 0, name);
    for (const action of actions) assert.match(action, /^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  }
});
