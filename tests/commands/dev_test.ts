import assert from "node:assert/strict";
import { until } from "../support/until.ts";

const main = new URL("../../local/main.ts", import.meta.url).href;

function startMain(env: Record<string, string>) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", main],
    env,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let output = "";
  const read = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeTo(new WritableStream({ write: (text) => void (output += text) }));
  return { child, read, output: () => output };
}

Deno.test("deno task dev prints a curl line that works, and ends at two Ctrl-C", async () => {
  const { child, read, output } = startMain({ PORT: String(freePort()) });
  await until(() => output().includes("Ctrl-C"), "greeting");
  const [, url, token] = /^curl -N .*(http\S+) -H "Authorization: Bearer (\S+)"$/m.exec(output())!;
  const response = await fetch(url!, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type")!, /event-stream/);

  // Both reach the process at the same moment in a terminal.
  child.kill("SIGINT");
  child.kill("SIGINT");
  assert.match(await response.text(), /"closing"/);
  const { code, signal } = await child.status;
  await read;
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
});

Deno.test("deno task dev says that the port is taken, and which variable moves it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { child, read, output } = startMain({ PORT: String(listener.addr.port) });
  const { code } = await child.status;
  await read;
  assert.equal(code, 1);
  assert.match(output(), new RegExp(`^Port ${listener.addr.port} is taken.*PORT=`));
});

Deno.test("deno task dev refuses a PORT that is none", async () => {
  const { child, read, output } = startMain({ PORT: "many" });
  const { code } = await child.status;
  await read;
  assert.equal(code, 1);
  assert.match(output(), /PORT must be .* "many"/);
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
