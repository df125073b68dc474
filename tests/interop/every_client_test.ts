import assert from "node:assert/strict";
import { startStack } from "../../local/stack.ts";
import { launchBrowser } from "../support/launch_browser.ts";
import { everyClient } from "./every_client.ts";
import { type RouteName, ROUTES } from "./routes.ts";
import { runClient } from "./run_client.ts";

/** Clients wait most of the time until they may reconnect. */
const RUNS_AT_A_TIME = 10;

Deno.test("every client is sent each event as it happens, and resumes without loss", async (t) => {
  await using stack = await startStack();
  await using browser = await launchBrowser(["--ignore-certificate-errors"]);
  const runs = everyClient(browser).flatMap((client) =>
    (Object.keys(ROUTES) as RouteName[]).filter((route) => !client.cannot?.[route])
      .map((route) => ({ client, route: ROUTES[route], name: `${client.name}: ${route}` }))
  );
  const lane = async () => {
    for (let run; (run = runs.shift());) {
      const { client, route: { start, protocol, compresses }, name } = run;
      const encoding = compresses && client.acceptsGzip ? "gzip" : "-";
      await t.step({
        name,
        // Steps can only run at the same time without these.
        sanitizeOps: false,
        sanitizeResources: false,
        sanitizeExit: false,
        async fn() {
          const answers = await runClient(stack, client, start);
          if (answers) assert.deepEqual(new Set(answers), new Set([`${protocol} ${encoding}`]));
        },
      });
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_A_TIME }, lane));
});
