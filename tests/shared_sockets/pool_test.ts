import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { systemClock } from "../../supabase/functions/file-events/system_clock.ts";
import { shareChangesSince } from "../../supabase/functions/file-events/postgrest/share_changes_since.ts";
import type { StreamMessage } from "../../supabase/functions/file-events/stream/stream_message.ts";
import { createQueryChanges } from "../../supabase/functions/file-events/postgrest/query_changes.ts";
import { createOpenFileStream } from "../../supabase/functions/file-events/stream/file_stream.ts";
import type { Stack } from "../../local/stack.ts";
import { until } from "../support/until.ts";
import {
  createIsolateFeed,
  insertUsers,
  type Listener,
  mintCaller,
  sources,
  startFeedStack,
} from "./feed_stack.ts";

const REFUSED_JOIN_MS = 1_000;

/** A test with the local Realtime. */
function test(
  name: string,
  fn: (stack: Stack, t: Deno.TestContext) => Promise<void>,
  realtime = {},
): void {
  Deno.test(name, async (t) => {
    await using stack = await startFeedStack({ refusedJoinMs: REFUSED_JOIN_MS, ...realtime });
    await fn(stack, t);
  });
}

const { broadcast } = sources;
const areLive = (listeners: Listener[]) => () => listeners.every(({ isLive }) => isLive());

/** Gives each of the users a file, and waits until exactly their listeners have heard of it. */
async function tellEach({ database }: Stack, listeners: Listener[]): Promise<void> {
  for (const { messages } of listeners) messages.length = 0;
  const owners = [...new Set(listeners.map(({ caller }) => caller.userId))];
  for (let from = 0; from < owners.length; from += 50) {
    await database.query(
      `insert into files (user_id, filename, file_type)
       select owner, owner, 'text/plain' from unnest($1::uuid[]) owner`,
      [owners.slice(from, from + 50)],
    );
  }
  await until(() => listeners.every(({ messages }) => messages.length > 0), "a change for each");
  for (const { caller, messages } of listeners) {
    const names = messages.map((it) =>
      it.kind === "change" && !it.change.deleted && it.change.file.filename
    );
    assert.deepEqual(names, [caller.userId]);
  }
}

test("a crowd of users on a server with Supabase's limits", async (stack, t) => {
  const { realtime } = stack;
  await using isolate = createIsolateFeed(stack, broadcast);
  const users = await insertUsers(stack, 301);
  const callers = await Promise.all(users.map((userId) => mintCaller(userId)));
  const listeners: Listener[] = [];
  const join = async (to: number) => {
    for (const caller of callers.slice(listeners.length, to)) {
      listeners.push(isolate.listen(caller));
    }
    await until(areLive(listeners), "live users", 60_000);
  };

  await t.step("250 who come at once share 3 sockets", async () => {
    await join(250);
    assert.deepEqual(realtime.counts(), { sockets: 3, channels: 250 });
  });

  await t.step("the 301st opens the 4th socket", async () => {
    await join(300);
    assert.deepEqual(realtime.counts(), { sockets: 3, channels: 300 });
    await join(301);
    assert.deepEqual(realtime.counts(), { sockets: 4, channels: 301 });
  });

  await t.step("the server refused nothing", () => assert.deepEqual(isolate.logged, []));

  await t.step("each hears what is theirs", () => tellEach(stack, listeners));

  await t.step("after the server's restart all rejoin, each with their own token", async () => {
    realtime.fault({ fault: "down" });
    await until(() => listeners.every(({ isLive }) => !isLive()), "a dead feed");
    realtime.fault({ fault: "up" });
    await until(areLive(listeners), "live users", 60_000);
    assert.equal(realtime.counts().channels, 301);
    await tellEach(stack, listeners);
  });

  await t.step("sockets close 10 s after the last has left", async () => {
    for (const { leave } of listeners) leave();
    await until(() => realtime.counts().channels === 0, "left channels");
    assert.ok(realtime.counts().sockets > 0);
    await until(() => realtime.counts().sockets === 0, "closed sockets", 20_000);
  });
});

for (const [limit, rateReadMs] of [[10, 300], [30, 100], [Infinity, 100]] as const) {
  test(`two isolates all get in where a server takes ${limit} joins a second`, async (stack) => {
    // On a busy machine the joins of a round can be so slow that none is one too many.
    for (let round = 1, refused = 0; refused === 0 && round <= 5; round++) {
      const users = await insertUsers(stack, 60);
      await using one = createIsolateFeed(stack, broadcast);
      await using other = createIsolateFeed(stack, broadcast);
      const callers = await Promise.all(users.map((userId) => mintCaller(userId)));
      const listeners = callers.map((caller, n) => (n % 2 ? one : other).listen(caller));
      await until(areLive(listeners), "live users", 60_000);
      refused = [...one.logged, ...other.logged].filter((it) => it.includes("RateLimit")).length;
      assert.ok(refused < 10, `${refused} refusals`);
      await tellEach(stack, listeners);
      if (limit === Infinity) return assert.equal(refused, 0);
      assert.ok(refused > 0 || round < 5, "the server has refused some");
    }
  }, { maxJoinsPerSecond: limit, rateReadMs, refusedJoinMs: 1_200 });
}

test("streams share a channel if they are of one user with equal rights", async (stack) => {
  await using isolate = createIsolateFeed(stack, broadcast);
  const [first, second] = await insertUsers(stack, 2) as [string, string];
  const callers = await Promise.all([
    mintCaller(first),
    mintCaller(first, { seconds: 1800 }),
    mintCaller(first, { aal: "aal2" }),
    mintCaller(second),
  ]);
  const listeners = callers.map((caller) => isolate.listen(caller));
  await until(areLive(listeners), "live streams");
  assert.equal(stack.realtime.counts().channels, 3);
  await tellEach(stack, listeners);
});

test("a user whose joins are refused holds up nobody, after the first time", async (stack) => {
  await using isolate = createIsolateFeed(stack, broadcast);
  const users = await insertUsers(stack, 20);
  const listeners = await Promise.all(
    users.map(async (userId) => isolate.listen(await mintCaller(userId))),
  );
  await until(areLive(listeners), "live users");
  const [mallory] = await insertUsers(stack, 1) as [string];
  const { token } = await mintCaller(users[0]!);

  // Another's token; a user id is otherwise read from the token.
  const refused = isolate.listen({ ...await mintCaller(mallory), token });
  const refusals = () => isolate.logged.filter((line) => line.includes("Unauthorized")).length;
  const slowest = async (count: number) => {
    let slowest = 0;
    while (refusals() < count) {
      const began = performance.now();
      await tellEach(stack, listeners.slice(0, 1));
      slowest = Math.max(slowest, performance.now() - began);
    }
    return slowest;
  };
  const first = await slowest(1);
  const later = await slowest(4);
  assert.ok(first >= REFUSED_JOIN_MS / 2, `the first refusal blocks the socket: ${first} ms`);
  assert.ok(later < REFUSED_JOIN_MS * 0.75, `later ones do not: ${later} ms`);

  const [newcomer] = await insertUsers(stack, 1) as [string];
  const late = isolate.listen(await mintCaller(newcomer));
  await until(late.isLive, "a newcomer who is live meanwhile");
  await tellEach(stack, [...listeners, late]);
  assert.ok(refused.messages.every(({ kind }) => kind !== "change"));
});

test("a stream loses nothing while its channel moves to a fresher token", async (stack) => {
  const { database, url, publishableKey } = stack;
  // A share renews 15 s before a token's end; by this clock 2 s.
  const shareClock = { ...systemClock, now: () => systemClock.now() - 13_000 };
  await using isolate = createIsolateFeed(stack, broadcast, { shareClock });
  const supabase = createClient(url, publishableKey, { auth: { persistSession: false } });
  const [userId] = await insertUsers(stack, 1) as [string];
  const old = await mintCaller(userId, { seconds: 5 });
  const oldStream = isolate.listen(old);
  await until(oldStream.isLive, "a channel with the old token");

  const open = createOpenFileStream({
    feed: isolate.feed,
    changesSince: shareChangesSince(createQueryChanges(supabase, () => {}), systemClock),
    isolate: { startedAt: Date.now(), limitMs: Infinity, shutdown: new AbortController().signal },
    createId: () => "a stream",
    heartbeatMs: 30_000,
    // Only what the feed asks for.
    catchUpMs: 3_600_000,
    clock: systemClock,
    random: () => 0.5,
    log: () => {},
  });
  const parameters = { lastEventId: null, fileIds: null, snapshot: true, isPoll: false };
  const { readable, writable } = new TransformStream<StreamMessage, StreamMessage>();
  open(await mintCaller(userId), parameters, writable.getWriter());
  const reader = readable.getReader();
  const files = new Map<string, number>();
  const reading = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const { eventType, file } = JSON.parse(value.data ?? "{}");
      if (eventType === "file-update") files.set(file.id, file.progress);
    }
  })();

  const isOver = () => Date.now() > old.expiresAt + 500;
  let written = 0;
  while (!isOver()) {
    await database.query(
      `insert into files (user_id, filename, file_type, progress) values ($1, $2, 'x', $3)`,
      [userId, `${written++}`, written % 101],
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until(() => files.size === written, `all of ${written} files`);
  const rows = await database.query<{ id: string; progress: number }>(
    "select id, progress::int from files where user_id = $1",
    [userId],
  );
  assert.deepEqual(files, new Map(rows.map(({ id, progress }) => [id, progress])));

  const kinds = oldStream.messages.map(({ kind }) => kind).filter((kind) => kind !== "change");
  assert.deepEqual(kinds, ["live", "down", "live"], "rejoined once");
  assert.deepEqual(isolate.logged, [], "the server never closed the channel");
  await reader.cancel();
  await reading;
});
