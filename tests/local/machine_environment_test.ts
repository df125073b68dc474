import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "../../local/free_port.ts";
import { keepToLoopback } from "../../local/keep_to_loopback.ts";
import { isType } from "../support/event_predicates.ts";
import { EventStream } from "../support/event_stream.ts";
import { startCommand } from "../support/start_command.ts";
import { until } from "../support/until.ts";

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

Deno.test("dev and process reach each other directly on a machine with a proxy", async () => {
  await using proxy = startProxy();
  const environment = {
    ...Object.fromEntries(
      ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .map((name) => [name, proxy.url]),
    ),
    no_proxy: "intranet.example",
    DENO_NO_UPDATE_CHECK: "1", // It goes through the proxy, as it should.
    // Deno.serve listens there instead of where it is told to.
    DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${freePort()}`,
    PORT: String(freePort()),
  };
  const startDeno = (script: string, ...args: string[]) =>
    startCommand(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-all", file(script), ...args],
      env: environment,
    });
  await using dev = startDeno("local/main.ts");
  await until(() => dev.hasEnded() || dev.output().includes("Ctrl-C"), "greeting", 60_000);
  const curl = /^curl -N --noproxy 127.0.0.1 (\S+) -H "Authorization: (.+)"$/m.exec(dev.output());
  assert.ok(curl, dev.output());
  const [, url, authorization] = curl as unknown as [string, string, string];
  assert.equal(new URL(url).port, environment.PORT);

  await using stream = await EventStream.open(url, { authorization });
  await stream.next(isType("ready"), "ready");
  await using worker = startDeno("demo/process.ts", file("LICENSE"));
  await until(worker.hasEnded, "end of the worker", 60_000);
  assert.match(worker.output(), /ready +100 %/);
  await stream.next(({ file }) => file?.status === "ready", "last update");
  assert.deepEqual(proxy.requests, []);
});

Deno.test("keepToLoopback() adds to the hosts that need no proxy, under either name", () => {
  const loopback = "127.0.0.1,localhost,::1";
  for (
    const [given, expected] of [
      [{}, loopback],
      [{ NO_PROXY: "" }, loopback],
      [{ NO_PROXY: "a.example" }, `a.example,${loopback}`],
      [{ no_proxy: "b.example" }, `b.example,${loopback}`],
      [{ NO_PROXY: "a.example", no_proxy: "b.example" }, `a.example,b.example,${loopback}`],
      [{ NO_PROXY: `a.example, ${loopback}`, no_proxy: loopback }, `a.example,${loopback}`],
    ] as const
  ) {
    const variables = new Map<string, string>(Object.entries(given));
    keepToLoopback(variables);
    assert.deepEqual(Object.fromEntries(variables), { NO_PROXY: expected, no_proxy: expected });
  }
});

/** Notes the first line of each request, which names the destination, and answers nobody. */
function startProxy(): { url: string; requests: string[] } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: string[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      const beginning = new Uint8Array(1_000);
      const length = await connection.read(beginning).catch(() => null) ?? 0;
      requests.push(new TextDecoder().decode(beginning.subarray(0, length)).split("\r\n")[0]!);
      connection.close();
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}
