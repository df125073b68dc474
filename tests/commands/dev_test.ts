import assert from "node:assert/strict";
import { freePort } from "../../local/free_port.ts";
import { startCommand } from "../support/start_command.ts";
import { until } from "../support/until.ts";

const main = new URL("../../local/main.ts", import.meta.url).href;

/** More than a busy machine needs. */
const START_TIMEOUT_MS = 60_000;

function startMain(env: Record<string, string>) {
  return startCommand(Deno.execPath(), { args: ["run", "--quiet", "--allow-all", main], env });
}

Deno.test("deno task dev prints a curl line that works, and ends at two Ctrl-C", async () => {
  await using dev = startMain({ PORT: String(freePort()) });
  await until(() => dev.output().includes("Ctrl-C"), "greeting", START_TIMEOUT_MS);
  const curl = /^curl -N .*(http\S+) -H "Authorization: Bearer (\S+)"$/m;
  const [, url, token] = curl.exec(dev.output())!;
  const response = await fetch(url!, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type")!, /event-stream/);

  // Both reach the process at the same moment in a terminal.
  dev.kill("SIGINT");
  dev.kill("SIGINT");
  assert.match(await response.text(), /"closing"/);
  const { code, signal } = await dev.status;
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
});

Deno.test("deno task dev says that the port is taken, and which variable moves it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using dev = startMain({ PORT: String(listener.addr.port) });
  assert.equal((await dev.status).code, 1);
  assert.match(dev.output(), new RegExp(`^Port ${listener.addr.port} is taken.*PORT=`));
});

Deno.test("deno task dev refuses a PORT that is none", async () => {
  await using dev = startMain({ PORT: "many" });
  assert.equal((await dev.status).code, 1);
  assert.match(dev.output(), /PORT must be .* "many"/);
});
