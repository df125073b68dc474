/**
 * What live changes cost that carry no row: the time from the write to the event, and the queries
 * that ten updates a second cause: `deno run -A -c deno.tests.json bench/database/ping_latency.ts`.
 * Everything runs on the embedded Supabase, and the time includes the write.
 */

import { mintToken } from "../../local/mint_token.ts";
import { startStack } from "../../local/stack.ts";
import { print } from "../print.ts";
import { quantile } from "../statistics.ts";

const SINGLE_CHANGES = 20;
/** Longer than the longest pause after a query. */
const INTERVAL_MS = 2_100;
const BURST_S = 20;
const UPDATES_PER_SECOND = 10;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

await using stack = await startStack();
const { database, url } = stack;
const user = crypto.randomUUID();
await database.query("insert into auth.users (id) values ($1)", [user]);
const [file] = await database.query<{ id: string }>(
  "insert into files (user_id, filename, file_type) values ($1, 'a', 'b') returning id",
  [user],
);
const token = await mintToken(user);
await database.execute("set track_functions = 'all'");

for (const live of ["rows", "pings"]) {
  await database.query("update file_events.state set live = $1 where singleton", [live]);
  const streams = await Promise.all([1, 2, 3].map(() => openStream()));
  await wait(1_000);
  const latencies: number[] = [];
  for (let change = 0; change < SINGLE_CHANGES; change++) {
    const startedAt = performance.now();
    await update(change % 100);
    await streams[0]!.heard(change % 100);
    latencies.push(performance.now() - startedAt);
    await wait(INTERVAL_MS);
  }
  const before = await countQueries();
  for (let change = 0; change < BURST_S * UPDATES_PER_SECOND; change++) {
    await Promise.all([update(change % 100), wait(1_000 / UPDATES_PER_SECOND)]);
  }
  await wait(2_000);
  const queries = await countQueries() - before;
  print(
    `${live}: ${SINGLE_CHANGES} single changes, write to event, ms: p50 ` +
      `${quantile(latencies, 0.5).toFixed(1)}, p90 ${quantile(latencies, 0.9).toFixed(1)}; ` +
      `${UPDATES_PER_SECOND} updates a second to 3 streams for ${BURST_S} s: ${queries} queries`,
  );
  for (const stream of streams) await stream.close();
  await wait(1_000);
}

async function update(progress: number): Promise<void> {
  await database.query("update files set progress = $1 where id = $2", [progress, file!.id]);
}

async function countQueries(): Promise<number> {
  const [row] = await database.query<{ calls: number }>(
    `select calls::integer from pg_stat_user_functions where funcname = 'file_changes_since'`,
  );
  return row?.calls ?? 0;
}

async function openStream() {
  const headers = { authorization: `Bearer ${token}` };
  const { body } = await fetch(`${url}/functions/v1/file-events`, { headers });
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let onText = () => {};
  const ended = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      onText();
    }
  })();
  return {
    async heard(progress: number): Promise<void> {
      while (!text.includes(`"progress":${progress},`)) {
        await new Promise<void>((resolve) => onText = resolve);
      }
      text = "";
    },
    async close(): Promise<void> {
      await reader.cancel();
      await ended;
    },
  };
}
