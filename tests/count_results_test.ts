import assert from "node:assert/strict";
import { countResults, type Counts } from "./count_results.ts";
import { temporaryFolder } from "./support/temporary_folder.ts";

/** What is counted when Deno runs a module of this code. */
async function run(code: string, ...args: string[]): Promise<Counts> {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/some_test.ts`, code);
  await Deno.writeTextFile(`${folder.path}/report.xml`, "");
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-config", "--no-check", "--junit-path=report.xml", ...args],
    cwd: folder.path,
  }).output();
  return countResults(await Deno.readTextFile(`${folder.path}/report.xml`), success);
}

const passes = `Deno.test("a <failure> > in a name", () => {});`;

Deno.test("countResults() counts tests and steps that pass", async () => {
  const steps = `Deno.test("b", (t) => t.step("<skipped/>", () => {}).then(() => {}));`;
  assert.deepEqual(await run(passes + steps), { passed: 3, failed: 0 });
});

Deno.test("countResults() counts a test that fails, whatever its message", async () => {
  const fails = `Deno.test("b", () => { throw new Error('<testcase time="1">\\n</testcase>'); });`;
  assert.deepEqual(await run(passes + fails), { passed: 1, failed: 1 });
});

Deno.test("countResults() counts a test or a step that is ignored as failed", async () => {
  const ignored = `Deno.test.ignore("b", () => {});
    Deno.test("c", (t) => t.step({ name: "d", ignore: true, fn() {} }).then(() => {}));`;
  assert.deepEqual(await run(passes + ignored), { passed: 2, failed: 2 });
});

Deno.test("countResults() leaves out what a filter leaves out", async () => {
  const other = `Deno.test("b", () => {});`;
  assert.deepEqual(await run(passes + other, "--filter=b"), { passed: 1, failed: 0 });
});

for (
  const [what, code] of Object.entries({
    "has no test": "",
    "can't be parsed": "Deno.test(",
    "throws": `throw new Error("no tests");`,
    "ends the process": `${passes} Deno.test("b", () => Deno.kill(Deno.pid, "SIGKILL"));`,
  })
) {
  Deno.test(`countResults() counts a run whose module ${what} as failed`, async () => {
    assert.deepEqual(await run(code, "--allow-run"), { passed: 0, failed: 1 });
  });
}

Deno.test("countResults() counts a run as failed that filters everything out", async () => {
  assert.deepEqual(await run(passes, "--filter=z"), { passed: 0, failed: 1 });
});

Deno.test("countResults() counts a run as failed that has only run some tests on purpose", async () => {
  const only = `Deno.test.only("b", () => {});`;
  assert.deepEqual(await run(passes + only), { passed: 1, failed: 1 });
});
