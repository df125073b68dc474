import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./support/temporary_folder.ts";

const SCRIPT = fileURLToPath(new URL("../.ci/run", import.meta.url));

interface Result {
  success: boolean;
  lines: string[];
  /** The arguments of each call of apt-get. */
  installed: string[];
}

/** Runs `.ci/run`. @param tasks What each task does, in Bash. @param missing Packages. */
async function run(tasks: Record<string, string>, missing = ""): Promise<Result> {
  await using folder = await temporaryFolder();
  const log = `${folder.path}/apt-get.log`;
  const cases = Object.entries(tasks).map(([task, code]) => `"task ${task}") ${code};;`);
  const programs = {
    npx: `shift 2; case "$*" in run*--packages) echo "${missing}";; ${cases.join(" ")} esac`,
    "apt-get": `echo "$@" >> ${log}`,
    sudo: `shift; "$@"`,
  };
  for (const [name, code] of Object.entries(programs)) {
    await Deno.writeTextFile(`${folder.path}/${name}`, `#!/bin/bash\n${code}\n`, { mode: 0o755 });
  }
  const { success, stdout } = await new Deno.Command("bash", {
    args: [SCRIPT],
    env: { PATH: `${folder.path}:${Deno.env.get("PATH")}`, CI: "true" },
  }).output();
  const calls = missing ? await Deno.readTextFile(log) : "";
  return {
    success,
    lines: new TextDecoder().decode(stdout).trimEnd().split("\n"),
    installed: calls.split("\n").filter((call) => call.includes("install")),
  };
}

Deno.test("the last line of .ci/run adds up the tests of all runs", async () => {
  const { success, lines } = await run({
    "check": "true",
    "test": "echo '10 passed, 0 failed'",
    "test:interop": "echo '3 passed, 0 failed'",
  });
  assert.equal(lines.at(-1), "13 passed, 0 failed");
  assert.equal(success, true);
});

Deno.test(".ci/run counts the tests of all runs when one fails", async () => {
  const { success, lines } = await run({
    "check": "true",
    "test": "echo '8 passed, 2 failed'; exit 1",
    "test:interop": "echo '3 passed, 0 failed'",
  });
  assert.equal(lines.at(-1), "11 passed, 2 failed");
  assert.equal(success, false);
});

Deno.test(".ci/run counts a run that fails without a count as one that failed", async () => {
  const { success, lines } = await run({
    "check": "exit 1",
    "test": "echo '10 passed, 0 failed'",
    "test:interop": "echo killed; exit 137",
  });
  assert.equal(lines.at(-1), "10 passed, 2 failed");
  assert.equal(success, false);
});

Deno.test(".ci/run installs the packages that test:interop lacks", async () => {
  const { installed } = await run({ "test": "true" }, "nginx\npython3-httpx");
  assert.deepEqual(installed, ["-qq install -y --no-install-recommends nginx python3-httpx"]);
});
