import assert from "node:assert/strict";
import type { QueryChanges } from "../../supabase/functions/file-events/postgrest/query_changes.ts";
import { shareChangesSince } from "../../supabase/functions/file-events/postgrest/share_changes_since.ts";
import { shareFeed } from "../../supabase/functions/file-events/realtime/share_feed.ts";
import { answerPings } from "../../supabase/functions/file-events/stream/answer_pings.ts";
import type { ChangesQuery } from "../../supabase/functions/file-events/stream/changes_since.ts";
import type { FileState } from "../../supabase/functions/file-events/stream/file_change.ts";
import { fileId, updated, upTo } from "../support/example_change.ts";
import { examplePage } from "../support/example_page.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { openStream, ScriptedFeed } from "./stream/open_stream.ts";

/** Several streams of one user, connected as `index.ts` connects them, and a table with one file. */
async function openStreams(count: number, { together = false, isPoll = false } = {}) {
  const clock = new FakeClock();
  const feed = new ScriptedFeed();
  // Streams wait for such a feed before they query, so that none queries while it is alone.
  feed.isJoining = together;
  const queries: ChangesQuery[] = [];
  let xid = 10n;
  let changes = [updated({ changedIn: 9 })];
  const queryChanges: QueryChanges = (_caller, query) => {
    queries.push(query);
    const since = /^\d+$/.test(query.since ?? "") ? BigInt(query.since!) : undefined;
    const all = query.snapshot ? changes : [];
    return Promise.resolve(examplePage({
      cursor: String(xid),
      coverage: upTo(xid),
      reset: since === undefined,
      changes: since === undefined ? all : changes.filter(({ changedIn }) => changedIn >= since),
    }));
  };
  const changesSince = shareChangesSince(queryChanges, clock);
  const answered = answerPings({ feed: feed.subscribe, changesSince, clock, random: () => 0.5 });
  const first = await openStream({
    clock,
    feed: shareFeed(answered.feed, clock),
    changesSince: answered.changesSince,
    parameters: { isPoll },
  });
  const clients = [first.client];
  while (clients.length < count) clients.push(await first.open());
  await feed.emit({ kind: "live" });
  await clock.advance(1_000);
  for (const client of clients) await client.readAll();

  return {
    feed,
    queries,
    clients,
    clock,
    /** Changes the file in a transaction, whose ping then arrives. */
    async change(fields: Partial<FileState>): Promise<void> {
      const changedIn = xid++;
      changes = [updated({ ...fields, changedIn, revision: Number(changedIn) })];
      await feed.emit({ kind: "ping", changedIn, concernsMany: false });
      await settle();
    },
  };
}

Deno.test("five streams of a user share one query for a ping, and each sends the change at once", async () => {
  const { queries, clients, change } = await openStreams(5);
  queries.length = 0;
  await change({ id: fileId(1) });
  assert.equal(queries.length, 1);
  for (const client of clients) assert.deepEqual(await client.readAll(), ["1:10"]);
});

Deno.test("five streams of a user that opened together share one query for each ping but the first", async () => {
  const { clock, queries, clients, change } = await openStreams(5, { together: true });
  const asked = async () => {
    queries.length = 0;
    await change({ id: fileId(1) });
    await clock.advance(1_000);
    return queries.map(({ since }) => since);
  };
  assert.deepEqual(await asked(), [null, "10"], "one for the cursor, and one by all streams");
  assert.deepEqual(await asked(), ["11"]);
  assert.deepEqual(await asked(), ["12"]);
  for (const client of clients) {
    assert.deepEqual(await client.readAll(), ["1:10@11", "1:11", "1:12"]);
  }
});

Deno.test("polls of a user query for a ping themselves, and nobody does it for them", async () => {
  const { clock, queries, clients, change } = await openStreams(2, { isPoll: true });
  queries.length = 0;
  await change({ id: fileId(1) });
  // Each collects changes for a moment.
  await clock.advance(100);
  assert.deepEqual(queries.map(({ since }) => since), ["10", "10"]);
  for (const client of clients) assert.deepEqual(await client.readAll(), ["1:10@11"]);
});
