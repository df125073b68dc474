import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { demoUsers } from "../../../local/demo_users.ts";
import { type Stack, startStack } from "../../../local/stack.ts";
import { type RunningCommand, startCommand } from "../../support/start_command.ts";
import { until } from "../../support/until.ts";

const MAIN = fileURLToPath(new URL("../../../setup/main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../../deno.json", import.meta.url));
const { email, password } = demoUsers[0]!;

function doctor({ url, publishableKey }: Stack, args: string[] = []): RunningCommand {
  const project = ["--url", url, "--key", publishableKey, "--email", email];
  return startCommand(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--quiet",
      "--config",
      CONFIG,
      MAIN,
      "doctor",
      ...project,
      ...args,
    ],
    env: { FILE_EVENTS_DOCTOR_PASSWORD: password },
  });
}

Deno.test("the command doctor", async (t) => {
  await using stack = await startStack();

  await t.step("ends with 0 and prints a line for each link where all is well", async () => {
    await using command = doctor(stack);
    assert.equal((await command.status).code, 0, command.output() + command.errors());
    assert.match(command.output(), /✓ A deleted row becomes an event[^]*All is well/);
  });

  await t.step("prints JSON and nothing else with --json, and ends with 1", async () => {
    await using command = doctor(stack, ["--json", "--canary", '{"status":"neither"}']);
    assert.equal((await command.status).code, 1);
    const { healthy, broken, links } = JSON.parse(command.output());
    assert.deepEqual([healthy, broken, links.length], [false, "insert", 13]);
  });

  const ends: [what: string, signals: Deno.Signal[]][] = [
    ["Ctrl-C ends it", ["SIGINT"]],
    ["Ctrl-C comes twice", ["SIGINT", "SIGINT"]],
    ["the terminal is closed", ["SIGHUP"]],
  ];
  for (const [what, signals] of ends) {
    await t.step(`deletes its row when ${what}`, async () => {
      stack.realtime.fault({ fault: "deaf", until: "up" });
      await using command = doctor(stack);
      await until(() => command.errors().includes("no file-update yet"), "the doctor waits");
      assert.equal((await stack.database.query("select from public.files")).length, 1);
      for (const signal of signals) command.kill(signal);
      assert.equal((await command.status).code, 130);
      assert.match(command.output(), /Interrupted\. The doctor has left nothing behind\./);
      assert.deepEqual(await stack.database.query("select from public.files"), []);
    });
  }

  await t.step("goes on, and deletes its row, when nobody reads any longer", async () => {
    const { url, publishableKey } = stack;
    const args = ["--url", url, "--key", publishableKey, "--email", email, "--timeout", "5"];
    await using command = startCommand("bash", {
      args: [
        "-c",
        // The word is in the first line; all that comes later has no reader.
        `"$@" 2>&1 | sed /database/q`,
        "bash",
        ...[Deno.execPath(), "run", "-A", "--quiet", "--config", CONFIG, MAIN, "doctor", ...args],
      ],
      env: { FILE_EVENTS_DOCTOR_PASSWORD: password },
    });
    const made = async () =>
      (await stack.database.query("select from public.file_deletions")).length;
    const before = await made();
    await command.status;
    await until(async () => await made() > before, "the row is made and deleted");
    assert.deepEqual(await stack.database.query("select from public.files"), []);
  });
});
