import assert from "node:assert/strict";
import { demoUsers, signIn } from "../../local/demo_users.ts";
import { startFunction } from "../../local/function_process.ts";
import { startStack } from "../../local/stack.ts";
import { deadline } from "../support/deadline.ts";
import { isType } from "../support/event_predicates.ts";
import { EventStream } from "../support/event_stream.ts";
import { until } from "../support/until.ts";

Deno.test("the function on the stack", async (t) => {
  const logged: string[] = [];
  await using stack = await startStack({
    log: (line) => logged.push(line),
    functionEnv: { FILE_EVENTS_HEARTBEAT_MS: "200" },
  });
  const token = await signIn(stack, demoUsers[0]!);
  const url = `${stack.url}/functions/v1/file-events`;
  const headers = { authorization: `Bearer ${token}` };

  await t.step("streams, unbuffered, with its environment", async () => {
    await using stream = await EventStream.open(url, headers);
    assert.equal(stream.response.headers.get("content-type"), "text/event-stream");
    await stream.next(isType("heartbeat"), "heartbeat");
    assert.match(stream.text, /^:\nretry: \d+\n/);
  });

  await t.step("notices at once that a client is gone", async () => {
    const controller = new AbortController();
    const response = await fetch(url, { headers, signal: controller.signal });
    assert.equal(response.status, 200);
    await until(
      () => logged.filter((line) => line.includes("stream opened")).length === 2,
      "second opening",
    );
    controller.abort();
    await assert.rejects(response.text());
    await until(
      () => logged.filter((line) => line.includes("stream closed")).length === 2,
      "second closing",
    );
  });

  await t.step("is started again after a crash, and says so", async () => {
    const before = stack.functionProcess!.pid!;
    Deno.kill(before, "SIGKILL");
    await until(() => (stack.functionProcess!.pid ?? before) !== before, "new process");
    assert.ok(logged.some((line) => /ended \(SIGKILL\); starting it again/.test(line)));
    await using stream = await EventStream.open(url, headers);
    assert.equal(stream.response.status, 200);
  });

  await t.step("ends streams with a word when the stack stops", async () => {
    await using stream = await EventStream.open(url, headers);
    await stream.next(isType("ready"), "ready");
    await stack.functionProcess!.stop();
    const { reason } = await stream.next(isType("closing"), "closing");
    assert.equal(reason, "shutdown");
    await stream.ended;
  });
});

Deno.test("startFunction() passes nothing of its own environment on", async () => {
  const logged: string[] = [];
  Deno.env.set("SUPABASE_URL", "http://127.0.0.1:9");
  await assert.rejects(
    startFunction({}, { log: (line) => logged.push(line) }),
    /The function ended at its start/,
  );
  Deno.env.delete("SUPABASE_URL");
  assert.match(logged.join("\n"), /SUPABASE_URL/, "the reason is shown");
});

Deno.test("the function ends with its parent, however that ends", async () => {
  const parent = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", new URL("./doomed_parent.ts", import.meta.url).href],
    stdout: "piped",
  }).spawn();
  const reader = parent.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await deadline(reader.read(), "address of the function");
  const { url } = JSON.parse(value!);
  assert.equal((await fetch(url, { method: "OPTIONS" })).status < 500, true);

  parent.kill("SIGKILL");
  await parent.status;
  await reader.cancel();
  await until(() => fetch(url).then((r) => r.body?.cancel(), () => true).then(Boolean), "end");
});
