import assert from "node:assert/strict";
import { type Stack, startStack } from "../../local/stack.ts";
import { createClientStage } from "../support/client_stage.ts";
import { launchBrowser } from "../support/launch_browser.ts";
import { mintTestUser } from "../support/test_user.ts";
import { assertMissesNothing, MANY_FILES } from "./assert_misses_nothing.ts";
import type { Client } from "./client.ts";
import { everyClient } from "./every_client.ts";
import { type RouteName, ROUTES } from "./routes.ts";

/** Clients wait most of the time until they may reconnect. */
const RUNS_AT_A_TIME = 10;

/** A line break for some decoders of lines, and characters that a chunk can break. */
const ODD_NAME = "odd\u2028name\u0085 äöü 😀.txt";

Deno.test("each client gets every event as it happens, and resumes without loss", async (t) => {
  await using stack = await startStack();
  await using browser = await launchBrowser(["--ignore-certificate-errors"]);
  const runs = everyClient(browser).flatMap((client) =>
    (Object.keys(ROUTES) as RouteName[]).filter((route) => !client.cannot?.[route])
      .map((route) => ({ client, route }))
  );
  const take = async () => {
    for (let run; (run = runs.shift());) {
      const { client, route } = run;
      await t.step({
        name: `${client.name}, ${route}`,
        // Steps that run at the same time can't be told apart.
        sanitizeOps: false,
        sanitizeResources: false,
        sanitizeExit: false,
        fn: () => runThrough(stack, client, route),
      });
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_A_TIME }, take));
});

async function runThrough(stack: Stack, client: Client, name: RouteName): Promise<void> {
  const { start, protocol, compresses } = ROUTES[name];
  const { database } = stack;
  const user = await mintTestUser(stack);
  await database.query(
    `insert into public.files (user_id, filename, file_type)
      select $1, $2 || number, 'text/plain' from generate_series(1, $3) number`,
    [user.id, ODD_NAME, MANY_FILES],
  );
  await using stage = createClientStage(stack, user.id);
  await using route = await start(stage.url);
  const { url, certificate } = route;
  await using _running = await client.open({
    url,
    certificate,
    token: user.token,
    receive: stage.receive,
  });
  await assertMissesNothing({ stage, user, database, cutConnection: route.cut });
  const encoding = compresses && client.acceptsGzip ? "gzip" : "-";
  if (route.answers) assert.deepEqual(await route.answers(), [`${protocol} ${encoding}`]);
}
