import assert from "node:assert/strict";
import type { ChannelSource } from "../../supabase/functions/file-events/realtime/channel_source.ts";
import { shareFeed } from "../../supabase/functions/file-events/realtime/share_feed.ts";
import { sources, startFeedStack } from "./feed_stack.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { type IsolationReport, runIsolation } from "./isolation_run.ts";

/** Changes to be delivered; the local server reads broadcasts five times as fast. */
const TARGETS = { broadcast: 8_000, postgres_changes: 2_000 };
const wanted = Number(Deno.env.get("ISOLATION_CHANGES")) || undefined;
/** A failure prints it; with the same seed the same is done again. */
const seed = Number(Deno.env.get("ISOLATION_SEED")) || 1 + Date.now() % 2_000_000_000;

for (const name of ["broadcast", "postgres_changes"] as const) {
  Deno.test(`shared sockets bring every change to its owner and to nobody else, by ${name}`, async () => {
    await using stack = await startFeedStack({ refusedJoinMs: 50 });
    const target = wanted ?? TARGETS[name];
    const random = seededRandom(seed);
    const report = await runIsolation(stack, { source: sources[name], random, target });
    const { foreign, missing } = report;
    assert.deepEqual({ seed, foreign, missing }, { seed, foreign: [], missing: [] });
    assert.ok(report.delivered >= target, `only ${report.delivered} changes were delivered`);
    assert.ok(report.owed > 0 && Object.keys(report.done).length >= 6, JSON.stringify(report));
    print(name, report);
  });
}

Deno.test("the isolation test notices what is not one's own", async (t) => {
  await using stack = await startFeedStack();
  const run = (source: ChannelSource, share = shareFeed) =>
    runIsolation(stack, {
      source,
      random: seededRandom(1),
      share,
      target: 100,
      users: 10,
      storms: false,
    });
  const { broadcast, postgres_changes } = sources;

  await t.step("all is well", async () => {
    assert.deepEqual((await run(broadcast)).foreign, []);
    assert.deepEqual((await run(postgres_changes)).foreign, []);
  });

  await t.step("a channel that is shared by several users", async () => {
    const share: typeof shareFeed = (feed, clock) => {
      const shared = shareFeed(feed, clock);
      let first: Parameters<typeof shared>[0] | undefined;
      return (caller, ...rest) => shared(first ??= caller, ...rest);
    };
    const report = await run(broadcast, share);
    assert.notDeepEqual(report.foreign, []);
    assert.notDeepEqual(report.missing, []);
  });

  await t.step("postgres_changes without a filter, where any row may be read", async () => {
    await stack.database.execute(`create policy "all" on files for select using (true)`);
    const config = (userId: string) =>
      JSON.parse(JSON.stringify(
        postgres_changes.config(userId),
        (key, value) => key === "filter" ? undefined : value,
      ));
    assert.notDeepEqual((await run({ ...postgres_changes, config })).foreign, []);
    await stack.database.execute(`drop policy "all" on files`);
  });

  await t.step("another user's topic, where any topic may be read", async () => {
    await stack.database.execute(`
      do $$ declare name text; begin
        for name in select policyname from pg_policies
          where schemaname = 'realtime' and permissive = 'RESTRICTIVE'
        loop execute format('drop policy %I on realtime.messages', name); end loop;
      end $$;
      create policy "all" on realtime.messages for select using (true)
    `);
    const topics: string[] = [];
    const topic = (userId: string) => {
      const own = broadcast.topic(userId);
      topics.push(own);
      return topics.find((other) => other !== own) ?? own;
    };
    assert.notDeepEqual((await run({ ...broadcast, topic })).foreign, []);
  });
});

function print(name: string, { delivered, heard, owed, done }: IsolationReport): void {
  const actions = Object.entries(done).map(([action, times]) => `${times} ${action}`).join(", ");
  // deno-lint-ignore no-console -- the figures are what the test is about
  console.log(
    `${name}: ${delivered} changes delivered, ${heard} to streams, 0 foreign; ` +
      `of ${owed} owed in calm times 0 missing; ${actions}`,
  );
}
