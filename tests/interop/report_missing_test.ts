import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./report_missing.ts", import.meta.url));

/** Runs it where neither Node nor curl nor openssl can be found. */
async function runWithoutPath(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-run", "--quiet", "--no-config", PROGRAM, ...args],
    env: { PATH: "/nowhere" },
  }).output();
  return { code, lines: new TextDecoder().decode(stdout).trimEnd().split("\n") };
}

Deno.test("what is missing is named, a line each, and counts as failed", async () => {
  const { code, lines } = await runWithoutPath();
  assert.equal(code, 1);
  assert.deepEqual(lines, [
    "Node is missing: apt-get install nodejs",
    "curl is missing: apt-get install curl",
    "OpenSSL is missing: apt-get install openssl",
    "",
    "0 passed, 3 failed",
  ]);
});

Deno.test("--packages prints the names of Debian's packages only", async () => {
  assert.deepEqual((await runWithoutPath("--packages")).lines, ["nodejs", "curl", "openssl"]);
});
