import assert from "node:assert/strict";
import { postgresChangesSource } from "../../../supabase/functions/file-events/realtime/postgres_changes_source.ts";
import { createRealtimeFeed } from "../../../supabase/functions/file-events/realtime/realtime_feed.ts";
import type { FeedMessage } from "../../../supabase/functions/file-events/stream/file_feed.ts";
import { OTHER_USER_ID, USER_ID } from "../../support/access_tokens.ts";
import { fileId } from "../../support/example_change.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { unreachableUrl } from "../../support/http_server.ts";
import { until } from "../../support/until.ts";
import type { RealtimeServer } from "./realtime_server.ts";
import { SocketPerChannel } from "./socket_per_channel.ts";
import { testWithServer as test } from "./test_with_server.ts";

const ROW = {
  id: fileId(1),
  user_id: USER_ID,
  filename: 'a "quoted"\n🦊.pdf',
  file_type: "application/pdf",
  status: "processing",
  progress: 50,
  processing_stage: "compression",
  error_message: null,
  revision: 4,
  changed_in: "26508",
};

/** The feed over the real supabase-js, with a clock of the test's own. */
function subscribe(
  url: string,
  {
    userId = USER_ID,
    token = "the.callers.token",
    signal: given = undefined as AbortSignal | undefined,
  } = {},
) {
  const clock = new FakeClock();
  const controller = new AbortController();
  const messages: FeedMessage[] = [];
  const logged: string[] = [];
  const sockets = new SocketPerChannel(url);
  const feed = createRealtimeFeed(postgresChangesSource, {
    sockets,
    clock,
    random: () => 0.5,
    log: (_level, event, fields) => void logged.push(JSON.stringify({ event, ...fields })),
  });
  const caller = { userId, token, expiresAt: 0, rights: "aal1" };
  const subscription = feed(caller, (message) => void messages.push(message), {
    signal: given ?? controller.signal,
  });
  return {
    clock,
    messages,
    logged,
    sockets,
    subscription,
    kinds: () => messages.map(({ kind }) => kind),
    leave: () => controller.abort(),
  };
}

/** Subscribes and lets the feed go live. */
async function subscribeLive(server: RealtimeServer) {
  const feed = subscribe(server.url);
  const join = await server.nextJoin();
  join.confirm();
  await until(() => feed.messages.length === 1, "the feed is live");
  return { ...feed, join };
}

test("realtime feed joins with the caller's token, narrowed to the caller's rows", async (server) => {
  const { leave } = subscribe(server.url);
  const { topic, payload } = await server.nextJoin();
  assert.equal(topic, `realtime:files-${USER_ID}`);
  assert.equal(payload.access_token, "the.callers.token");
  const filter = `user_id=eq.${USER_ID}`;
  assert.deepEqual(payload.config.postgres_changes, [
    { event: "*", schema: "public", table: "files", filter },
    { event: "INSERT", schema: "public", table: "file_deletions", filter },
  ]);
  leave();
});

test("realtime feed keeps callers apart, each with a token of its own", async (server) => {
  const feeds = [
    subscribe(server.url, { userId: USER_ID, token: "first.token" }),
    subscribe(server.url, { userId: OTHER_USER_ID, token: "second.token" }),
  ];
  const joins = [await server.nextJoin(), await server.nextJoin()];
  assert.deepEqual(
    joins.map(({ topic, payload }) => `${topic} ${payload.access_token}`).sort(),
    [`realtime:files-${USER_ID} first.token`, `realtime:files-${OTHER_USER_ID} second.token`],
  );
  for (const { leave } of feeds) leave();
});

test("realtime feed is live when the server confirms, not when it accepts", async (server) => {
  const { kinds, messages, leave } = subscribe(server.url);
  const join = await server.nextJoin();
  join.accept();
  join.system("ok", { extension: "system" });
  join.change("files", "INSERT", ROW);
  await until(() => messages.length === 1);
  assert.deepEqual(kinds(), ["change"]);
  join.system("ok");
  await until(() => messages.length === 2);
  assert.deepEqual(kinds(), ["change", "live"]);
  leave();
});

test("realtime feed is live again when the server confirms again: a gap lies in between", async (server) => {
  const { kinds, messages, join, leave } = await subscribeLive(server);
  join.system("ok");
  await until(() => messages.length === 2);
  assert.deepEqual(kinds(), ["live", "live"]);
  leave();
});

test("realtime feed brings inserts, updates and deletions", async (server) => {
  const { messages, join, leave } = await subscribeLive(server);
  join.change("files", "INSERT", ROW);
  join.change("files", "UPDATE", { ...ROW, progress: 60, revision: 5 });
  const tombstone = { id: ROW.id, user_id: USER_ID, revision: 6, changed_in: "26512" };
  join.change("file_deletions", "INSERT", tombstone);
  await until(() => messages.length === 4);
  const changes = messages.slice(1).map((message) => {
    assert.ok(message.kind === "change");
    const { change } = message;
    return change.deleted ? ["deleted", change.revision] : [change.file.progress, change.revision];
  });
  assert.deepEqual(changes, [[50, 4], [60, 5], ["deleted", 6]]);
  leave();
});

test("realtime feed ignores a DELETE, which anybody's row can cause", async (server) => {
  const { messages, kinds, join, leave } = await subscribeLive(server);
  join.change("files", "DELETE", undefined);
  join.change("files", "INSERT", ROW);
  await until(() => messages.length === 2);
  assert.deepEqual(kinds(), ["live", "change"]);
  leave();
});

test("realtime feed takes a row that lacks fields for a hint", async (server) => {
  const { messages, kinds, join, leave } = await subscribeLive(server);
  const { error_message: _, ...lacking } = ROW;
  join.change("files", "UPDATE", lacking, ["Error 413: Payload Too Large"]);
  join.change("file_deletions", "INSERT", { id: ROW.id });
  await until(() => messages.length === 3);
  assert.deepEqual(kinds(), ["live", "hint", "hint"]);
  leave();
});

test("realtime feed leaves after a refused join and tries again, ever less often", async (server) => {
  const { clock, kinds, logged, leave } = subscribe(server.url);
  for (const wait of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    const join = await server.nextJoin();
    join.refuse();
    await until(() => clock.pending === 1, "the feed waits");
    await clock.advance(wait - 1);
    assert.equal(clock.pending, 1, `still waits before ${wait} ms`);
    await clock.advance(1);
  }
  await until(() => server.openSockets === 1, "the refused ones are closed");
  assert.deepEqual(kinds(), Array(7).fill("hint"), "the database is asked at each refusal");
  assert.match(logged[0] ?? "", /Token has expired.*"refused":"token"/);
  assert.ok(!logged.join().includes("the.callers.token"));
  leave();
});

test("realtime feed joins with backoff a channel that crashes while its socket lives", async (server) => {
  const { clock, logged, leave } = subscribe(server.url);
  for (const wait of [1_000, 2_000, 4_000]) {
    const join = await server.nextJoin();
    join.accept();
    join.crash();
    await until(() => logged.length > 0 && clock.pending === 1, "the feed waits");
    await clock.advance(wait - 1);
    assert.equal(clock.pending, 1, `still waits before ${wait} ms`);
    logged.length = 0;
    await clock.advance(1);
  }
  leave();
});

test("realtime feed sets nobody apart for a refusal that is the server's own trouble", async (server) => {
  const { clock, sockets, leave } = subscribe(server.url);
  const reasons = [
    "UnableToConnectToProject: Realtime was unable to connect to the project database",
    "Unauthorized: You do not have permissions to read from this Channel topic",
    "InvalidJWTToken: Token has expired 10 seconds ago",
  ];
  for (const [n, reason] of reasons.entries()) {
    (await server.nextJoin()).refuse(reason);
    await until(() => clock.pending === 1, "the feed waits");
    await clock.advance(1_000 * 2 ** n);
  }
  await server.nextJoin();
  assert.deepEqual(sockets.refusals, [false, false, true, true]);
  leave();
});

test("realtime feed forgets earlier refusals once it was live", async (server) => {
  const { clock, messages, kinds, leave } = subscribe(server.url);
  for (const wait of [1_000, 2_000]) {
    (await server.nextJoin()).refuse();
    await until(() => clock.pending === 1);
    await clock.advance(wait);
  }
  const join = await server.nextJoin();
  join.confirm();
  await until(() => messages.length === 3);
  join.close();
  await until(() => messages.length === 4);
  await clock.advance(1_000);
  (await server.nextJoin()).confirm();
  await until(() => messages.length === 5);
  assert.deepEqual(kinds(), ["hint", "hint", "live", "down", "live"]);
  leave();
});

test("realtime feed joins anew when the server closes the channel", async (server) => {
  const { clock, messages, kinds, join, leave } = await subscribeLive(server);
  join.system("error", { extension: "system" });
  join.close();
  await until(() => clock.pending === 1 && messages.length === 2);
  await clock.advance(1_000);
  const again = await server.nextJoin();
  assert.equal(again.payload.access_token, "the.callers.token");
  again.confirm();
  await until(() => messages.length === 3);
  assert.deepEqual(kinds(), ["live", "down", "live"]);
  leave();
});

for (const code of [1000, 4000]) {
  test(`realtime feed joins anew at once when the socket is lost (code ${code})`, async (server) => {
    const { clock, messages, kinds, join, leave } = await subscribeLive(server);
    join.socket.close(code);
    await until(() => messages.length === 2);
    const again = await server.nextJoin();
    assert.equal(again.payload.access_token, "the.callers.token");
    again.confirm();
    await until(() => messages.length === 3);
    assert.deepEqual(kinds(), ["live", "down", "live"]);
    assert.equal(server.joins.length, 2);
    assert.equal(clock.pending, 0);
    leave();
  });
}

test("realtime feed says when the server has had too many joins, which is not its user's fault", async (server) => {
  const { clock, sockets, leave } = subscribe(server.url);
  (await server.nextJoin()).refuse("ClientJoinRateLimitReached: Too many joins per second");
  await until(() => clock.pending === 1, "the feed waits");
  await clock.advance(1_000);
  (await server.nextJoin()).refuse("Unauthorized: You do not have permissions to read");
  await until(() => clock.pending === 1, "the feed waits");
  await clock.advance(2_000);
  await server.nextJoin();
  assert.equal(sockets.slowDowns, 1);
  assert.deepEqual(sockets.refusals, [false, false, true]);
  leave();
});

test("realtime feed joins anew when a confirmation does not come within 30 s", async (server) => {
  const { clock, messages, leave } = subscribe(server.url);
  (await server.nextJoin()).accept();
  await until(() => clock.pending === 1, "the feed waits for the confirmation");
  await clock.advance(30_000);
  assert.equal(clock.pending, 1, "the feed waits before it joins");
  await clock.advance(1_000);
  (await server.nextJoin()).confirm();
  await until(() => messages.length === 1);
  await clock.advance(600_000);
  assert.equal(server.joins.length, 2);
  leave();
});

test("realtime feed joins anew when an error of the server is not followed by a recovery", async (server) => {
  const { clock, messages, kinds, join, leave } = await subscribeLive(server);
  join.system("error");
  await until(() => messages.length === 2);
  await clock.advance(31_000);
  (await server.nextJoin()).confirm();
  await until(() => messages.length === 3);
  assert.deepEqual(kinds(), ["live", "down", "live"]);
  leave();
});

test("realtime feed rejoins at once when told that it is deaf", async (server) => {
  const { messages, kinds, subscription, join, leave } = await subscribeLive(server);
  subscription.rejoin();
  assert.deepEqual(kinds(), ["live", "down"]);
  const again = await server.nextJoin();
  await until(() => server.openSockets === 1, "the old socket is closed");
  again.confirm();
  await until(() => messages.length === 3);
  assert.notEqual(again.socket, join.socket);
  assert.deepEqual(kinds(), ["live", "down", "live"]);
  leave();
});

test("realtime feed rejoins with a renewed token", async (server) => {
  const { subscription, leave } = await subscribeLive(server);
  subscription.rejoin({ userId: USER_ID, token: "renewed", expiresAt: 0, rights: "aal1" });
  assert.equal((await server.nextJoin()).payload.access_token, "renewed");
  leave();
});

test("realtime feed leaves channel and socket on abort, and says nothing more", async (server) => {
  const { clock, messages, subscription, join, leave } = await subscribeLive(server);
  leave();
  join.change("files", "INSERT", ROW);
  await until(() => server.openSockets === 0, "the socket is closed");
  assert.deepEqual(server.leaves, [join.topic]);
  assert.equal(messages.length, 1, "live, and nothing since");
  assert.equal(clock.pending, 0);
  subscription.rejoin();
  await settle();
  assert.equal(server.joins.length, 1);
});

test("realtime feed leaves on abort while it waits to join again", async (server) => {
  const { clock, leave } = subscribe(server.url);
  (await server.nextJoin()).refuse();
  await until(() => clock.pending === 1);
  leave();
  assert.equal(clock.pending, 0);
  await until(() => server.openSockets === 0, "the socket is closed");
});

test("realtime feed leaves on abort while a join has no answer", async (server) => {
  const { clock, leave } = subscribe(server.url);
  const join = await server.nextJoin();
  leave();
  join.confirm();
  await until(() => server.openSockets === 0, "the socket is closed");
  assert.equal(clock.pending, 0);
});

test("realtime feed does not join for a stream that has ended", async (server) => {
  const { subscription, clock } = subscribe(server.url, { signal: AbortSignal.abort() });
  subscription.rejoin();
  await settle();
  assert.equal(server.openSockets, 0);
  assert.equal(server.joins.length, 0);
  assert.equal(clock.pending, 0);
});

Deno.test({
  name: "realtime feed stays down, and throws nothing, where no server listens",
  // See `test`.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const { kinds, leave } = subscribe(await unreachableUrl());
    await settle();
    assert.deepEqual(kinds(), []);
    leave();
    await settle();
  },
});
