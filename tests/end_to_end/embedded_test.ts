import assert from "node:assert/strict";
import { type StackOptions, startStack } from "../../local/stack.ts";
import { until } from "../support/until.ts";
import { mintToken } from "../../local/mint_token.ts";
import { mappedTableScripts } from "./mapped_table.ts";
import { runScenarios, type Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { SOURCES } from "../support/sources.ts";

const HEARTBEAT_MS = 500;

/** What shows only where tokens can be minted and no front end lies in between. */
const embeddedScenarios: readonly Scenario[] = [
  {
    name: "a token that has expired or is about to: 401 AUTH_EXPIRED",
    async run(stage) {
      const user = stage.anyone;
      for (const seconds of [-3600, 0, 25]) {
        const token = await mintToken(user.id, { seconds });
        const { status, code } = await stage.refusal(user, { authorization: `Bearer ${token}` });
        assert.deepEqual([status, code], [401, "AUTH_EXPIRED"], `${seconds} s left`);
      }
    },
  },
  {
    name: "a token of another role than authenticated: 401 AUTH_INVALID",
    async run(stage) {
      const user = stage.anyone;
      for (const role of ["anon", "service_role"]) {
        const token = await mintToken(user.id, { role });
        const { status, code } = await stage.refusal(user, { authorization: `Bearer ${token}` });
        assert.deepEqual([status, code], [401, "AUTH_INVALID"], role);
      }
    },
  },
  {
    name: "a URL that is too long: 414 URI_TOO_LONG",
    async run(stage) {
      const { status, code } = await stage.refusal(stage.anyone, {
        query: { padding: "x".repeat(17_000) },
      });
      assert.deepEqual([status, code], [414, "URI_TOO_LONG"]);
    },
  },
  {
    name: "the response keeps the connection alive, as HTTP/1.1 says it",
    async run(stage) {
      const { response } = await stage.open(stage.anyone);
      assert.equal(response.headers.get("connection"), "keep-alive");
    },
  },
];

/** Runs all scenarios on a stack of their own. */
function test(name: string, options: () => Promise<StackOptions>): void {
  Deno.test(`file-events on the embedded Supabase, ${name}`, async (t) => {
    const { functionEnv, ...others } = await options();
    const heartbeat = { FILE_EVENTS_HEARTBEAT_MS: String(HEARTBEAT_MS) };
    await using stack = await startStack({
      ...others,
      functionEnv: { ...functionEnv, ...heartbeat },
    });
    const { url, publishableKey, secretKey } = stack;
    const target = { url, publishableKey, secretKey, heartbeatMs: HEARTBEAT_MS };
    await runScenarios(t, { scenarios: [...scenarios, ...embeddedScenarios], target });

    await t.step(
      "no channel is left over when all streams are closed, or 30 s after the last poll",
      async () => {
        await until(() => stack.realtime.counts().channels === 0, "end of the channels", 60_000);
      },
    );
  });
}

for (const source of SOURCES) {
  const functionEnv = { FILE_EVENTS_SOURCE: source };
  test(`fed by ${source}`, () => Promise.resolve({ functionEnv }));
}

test("with a table of other names, fed by pings", async () => {
  return { scripts: await mappedTableScripts() };
});
