import assert from "node:assert/strict";
import { startStack } from "../../local/stack.ts";
import { deadline } from "../support/deadline.ts";
import { until } from "../support/until.ts";
import { mintToken } from "../../local/mint_token.ts";
import { isType, isUpdate } from "../support/event_predicates.ts";
import type { Outage } from "./outage.ts";
import { FunctionUnderFault } from "./function_under_fault.ts";
import { pollingOutages } from "./outages/polling_outages.ts";
import { processOutages } from "./outages/process_outages.ts";
import { realtimeOutages } from "./outages/realtime_outages.ts";
import { upstreamOutages } from "./outages/upstream_outages.ts";
import { SOURCES } from "../support/sources.ts";

const outages = [...realtimeOutages, ...upstreamOutages, ...processOutages, ...pollingOutages];

/** A stream that outlives its token. The function accepts none that lasts less than 30 s. */
async function outliveToken(fn: FunctionUnderFault): Promise<void> {
  const user = await fn.user({ seconds: 40 });
  const stream = await fn.ready(user);
  const closing = await stream.next(isType("closing"), "closing", 60_000);
  assert.deepEqual([closing.reason, closing.id], ["token-expired", undefined]);
  // Ours goes first: Realtime has not had to close the channel.
  assert.ok(!fn.upstream.delivered.some((frame) => frame.includes("Token has expired")));
  await stream.ended;
  const missed = crypto.randomUUID();
  await user.insert({ id: missed });
  const token = await mintToken(user.id);
  const resumed = await fn.ready(user, { token, lastEventId: stream.lastEventId });
  assert.ok(!resumed.events.some(isType("reset")));
  assert.ok(resumed.events.some(isUpdate(missed)));
}

for (const source of SOURCES) {
  Deno.test(`nothing is lost, fed by ${source}`, async (t) => {
    await using stack = await startStack({
      withFunction: false,
      realtime: { pollMs: 100, subscribeMs: 200, resubscribeMs: 200, refusedJoinMs: 500 },
    });
    await t.step("GET /_local/realtime counts nothing before the first stream", async () => {
      assert.deepEqual(await counts(stack.url), { sockets: 0, channels: 0 });
    });
    await using fn = await FunctionUnderFault.start(stack, { source });
    const run = ({ name, run }: Outage) =>
      t.step(name, async () => {
        try {
          await run({ stack, source, fn });
        } finally {
          await fn.recover();
        }
      });
    {
      await using patient = await FunctionUnderFault.start(stack, { source });
      // Takes as long as all that follows: the other outages don't matter to it.
      const outlived = outliveToken(patient).then(() => undefined, (error) => error as Error);
      for (const outage of outages) if (!outage.deletesAllFiles) await run(outage);
      await t.step(
        "token expiry: the stream says so before Realtime closes the channel",
        async () => {
          const error = await deadline(outlived, "end of the token", 60_000);
          if (error) throw error;
        },
      );
    }
    for (const outage of outages) if (outage.deletesAllFiles) await run(outage);
    await t.step("after all streams Realtime has no channel left, and soon no socket", async () => {
      await until(
        async () => (await counts(stack.url)).channels === 0,
        "end of the channels",
        60_000,
      );
      // The function keeps a socket for ten seconds.
      await until(async () => (await counts(stack.url)).sockets === 0, "end of the sockets");
    });
  });
}

async function counts(url: string): Promise<{ sockets: number; channels: number }> {
  return await (await fetch(`${url}/_local/realtime`)).json();
}
