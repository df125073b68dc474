import assert from "node:assert/strict";
import { demoUsers, signIn } from "../../local/demo_users.ts";
import { type RunningCommand, startCommand } from "../support/start_command.ts";
import { until } from "../support/until.ts";
import { addFile } from "./add_file.ts";
import type { Setting } from "./setting.ts";

/** The examples that are programs for Node. */
export function nodeTests(setting: () => Setting): void {
  const stack = () => setting().stack;
  const start = (node: string, example: string, script: string) =>
    startCommand(node, {
      args: [script],
      cwd: setting().examples.path(example),
      env: {
        SUPABASE_URL: stack().url,
        SUPABASE_PUBLISHABLE_KEY: stack().publishableKey,
        PORT: "0",
      },
    });

  const SCRIPTS = [
    ["follow.js", () => setting().node],
    // Node 20 is enough for this one.
    ["follow_with_token.js", () => "node"],
  ] as const;

  for (const [script, node] of SCRIPTS) {
    Deno.test(`the Node example ${script} prints a user's files, then each change`, async () => {
      const { database } = stack();
      await database.execute("delete from public.files");
      await addFile(stack(), "ada", { filename: "notes.txt", status: "ready", progress: 100 });
      await addFile(stack(), "grace", { filename: "grace.txt" });
      await using program = start(node(), "node", script);
      await prints(program, /^\S+ {2}notes.txt {2}ready {2}100 %$/m);
      await database.execute("update public.files set progress = 42");
      await prints(program, /^\S+ {2}notes.txt {2}ready {2}42 %$/m);
      await database.execute("delete from public.files");
      await prints(program, /^\S+ {2}deleted$/m);
      assert.doesNotMatch(program.output(), /grace/);
    });
  }

  Deno.test("the Node example with getToken ends when the password is wrong", async () => {
    await using program = startCommand("node", {
      args: ["follow_with_token.js"],
      cwd: setting().examples.path("node"),
      env: { SUPABASE_URL: stack().url, DEMO_PASSWORD: "guess" },
    });
    assert.notEqual((await program.status).code, 0);
    assert.match(program.errors(), /signed-out/);
  });

  Deno.test("the back end answers when a file is ready, has failed, or takes too long", async () => {
    await using program = start(setting().node, "backend", "main.js");
    const url = (await prints(program, /http:\S+/))[0]!;
    const token = await signIn(stack(), demoUsers[0]!);
    const send = async (name: string, body: string, { wait = "30", bearer = token } = {}) => {
      const response = await fetch(`${url}/?name=${name}&wait=${wait}`, {
        method: "POST",
        headers: { authorization: `Bearer ${bearer}` },
        body,
      });
      const { filename, status, error_message: error, id } = await response.json();
      return { code: response.status, filename, status, error, id };
    };

    const [ready, failed, late, refused] = await Promise.all([
      send("good.txt", "text"),
      send("empty.txt", ""),
      send("late.txt", "text", { wait: "0.1" }),
      send("refused.txt", "text", { bearer: "none" }),
    ]);
    assert.deepEqual([ready.code, ready.filename, ready.status], [200, "good.txt", "ready"]);
    assert.deepEqual([failed.code, failed.status, failed.error], [
      422,
      "failed",
      "The file is empty.",
    ]);
    assert.equal(late.code, 202);
    assert.ok(late.id);
    assert.equal(refused.code, 400);
  });
}

async function prints(program: RunningCommand, pattern: RegExp): Promise<RegExpMatchArray> {
  const found = () => program.output().match(pattern);
  await until(() => found() !== null || program.hasEnded(), String(pattern));
  return found() ?? assert.fail(`${pattern} is not in ${program.output()}${program.errors()}`);
}
