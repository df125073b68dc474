import assert from "node:assert/strict";
import { VERSION } from "../../../setup/version.ts";
import { execute } from "../../support/execute.ts";
import { fileURLToPath } from "node:url";

const CLIENT = new URL("../../../client/", import.meta.url);

Deno.test("JSR would take the client as it is in the repository", async () => {
  const args = ["publish", "--dry-run", "--allow-dirty"];
  await execute(Deno.execPath(), args, fileURLToPath(CLIENT));
});

Deno.test("JSR's package has the version of npm's", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", CLIENT)));
  assert.equal(version, VERSION);
});
