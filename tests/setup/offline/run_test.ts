import assert from "node:assert/strict";
import { run } from "../../../setup/run.ts";
import { scriptedIo } from "../scripted_io.ts";

Deno.test("run() names the commands when it gets another", async () => {
  const io = scriptedIo("/");
  assert.equal(await run(["instal"], io), 1);
  assert.match(io.errors.join("\n"), /no command "instal", only: add, upgrade, remove, check, doctor/);
});

Deno.test("run() prints help, also when a command is followed by --help", async () => {
  for (const args of [[], ["help"], ["add", "--help"], ["remove", "-h"]]) {
    const io = scriptedIo("/");
    assert.equal(await run(args, io), 0);
    assert.match(io.output.join("\n"), /^file-events: /);
  }
});
