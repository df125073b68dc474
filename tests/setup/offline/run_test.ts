import assert from "node:assert/strict";
import { run } from "../../../setup/run.ts";
import { scriptedIo } from "../scripted_io.ts";

Deno.test("run() names the commands when it gets another", async () => {
  const io = scriptedIo("/");
  assert.equal(await run(["instal"], io), 1);
  assert.match(
    io.errors.join("\n"),
    /no command "instal", only: add, upgrade, remove, check, doctor/,
  );
});

Deno.test("run() prints help, also when a command is followed by --help", async () => {
  for (const args of [[], ["help"], ["add", "--help"], ["remove", "-h"]]) {
    const io = scriptedIo("/");
    assert.equal(await run(args, io), 0);
    assert.match(io.output.join("\n"), /^file-events: /);
  }
});

Deno.test("run() repeats no word that may be a URL with its password", async () => {
  const url = "postgresql://postgres:do-not-print-me@db.example.com/postgres";
  for (
    const args of [[url], ["add", url], ["add", "--table", "a", url], ["remove", `--x=${url}`]]
  ) {
    const io = scriptedIo("/");
    assert.equal(await run(args, io), 1);
    assert.doesNotMatch([...io.output, ...io.errors].join("\n"), /do-not-print-me/);
  }
});
