import assert from "node:assert/strict";
import { postgresChangesSource as source } from "../../../supabase/functions/file-events/realtime/postgres_changes_source.ts";
import { OTHER_USER_ID, USER_ID } from "../../support/access_tokens.ts";
import { settle } from "../../support/fake_clock.ts";
import { unreachableUrl } from "../../support/http_server.ts";
import { until } from "../../support/until.ts";
import { subscribeFeed, subscribeLive } from "./subscribe_feed.ts";
import { type Join, testWithServer as test } from "./realtime_server.ts";

/** A message without a row, which the source turns into a hint. */
const HINT = ["files", "UPDATE", {}] as const;

test("realtime feed joins with the caller's token", async (server) => {
  const { nextJoin } = subscribeFeed(source, server);
  assert.equal((await nextJoin()).payload.access_token, "the.callers.token");
});

test("realtime feed keeps callers apart, each with a token of its own", async (server) => {
  const first = subscribeFeed(source, server, { userId: USER_ID, token: "first.token" });
  const second = subscribeFeed(source, server, { userId: OTHER_USER_ID, token: "second.token" });
  const joins = [await first.nextJoin(), await second.nextJoin()];
  assert.deepEqual(
    joins.map(({ topic, payload }) => `${topic} ${payload.access_token}`).sort(),
    [`realtime:files-${USER_ID} first.token`, `realtime:files-${OTHER_USER_ID} second.token`],
  );
});

test("realtime feed is live when the server confirms, not when it accepts", async (server) => {
  const { kinds, messages, nextJoin } = subscribeFeed(source, server);
  const join = await nextJoin();
  join.accept();
  join.system("ok", { extension: "system" });
  join.change(...HINT);
  await until(() => messages.length === 1);
  assert.deepEqual(kinds(), ["hint"]);
  join.system("ok");
  await until(() => messages.length === 2);
  assert.deepEqual(kinds(), ["hint", "live"]);
});

test("realtime feed stays live when the server says something else", async (server) => {
  const { kinds, messages, join } = await subscribeLive(source, server);
  join.system("ok", { extension: "system" });
  join.change(...HINT);
  await until(() => messages.length === 2);
  assert.deepEqual(kinds(), ["live", "hint"]);
});

test("realtime feed is live again when the server confirms again: a gap lies in between", async (server) => {
  const { kinds, messages, join } = await subscribeLive(source, server);
  join.system("ok");
  await until(() => messages.length === 2);
  assert.deepEqual(kinds(), ["live", "live"]);
});

test("realtime feed tries again after a refused join, less and less often", async (server) => {
  const { clock, kinds, logged, nextJoin } = subscribeFeed(source, server);
  for (const wait of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    (await nextJoin()).refuse();
    await until(() => clock.pending === 1, "the feed waits");
    await clock.advance(wait - 1);
    assert.equal(clock.pending, 1, `still waits before ${wait} ms`);
    await clock.advance(1);
  }
  await nextJoin();
  assert.deepEqual(server.leaves, [], "the server has no channel of a refused join");
  assert.deepEqual(kinds(), Array(7).fill("hint"), "the database is asked at each refusal");
  assert.deepEqual(JSON.parse(logged[0] ?? "{}"), {
    event: "realtime channel lost",
    user: USER_ID,
    reason: "InvalidJWTToken: Token has expired 10 seconds ago",
    refused: "token",
  });
  assert.ok(!logged.join().includes("the.callers.token"));
});

test("realtime feed joins after a delay when a channel crashes while its socket lives", async (server) => {
  const { clock, kinds, logged, nextJoin } = subscribeFeed(source, server);
  for (const wait of [1_000, 2_000, 4_000]) {
    const join = await nextJoin();
    join.accept();
    join.crash();
    await until(() => logged.length > 0 && clock.pending === 1, "the feed waits");
    await clock.advance(wait - 1);
    assert.equal(clock.pending, 1, `still waits before ${wait} ms`);
    const { event, user, reason, ...others } = JSON.parse(logged.pop()!);
    assert.deepEqual([event, user, others], ["realtime channel lost", USER_ID, {}]);
    assert.match(reason, /^channel error/);
    await clock.advance(1);
  }
  assert.deepEqual(kinds(), []);
});

test("realtime feed moves a refused user to another socket, unless the server itself has a problem", async (server) => {
  const { clock, kinds, nextJoin } = subscribeFeed(source, server);
  const ends: ((join: Join) => void)[] = [
    (join) => join.refuse("UnableToConnectToProject: Realtime was unable to connect"),
    (join) => join.refuse("Unauthorized: You do not have permissions to read"),
    (join) => join.refuse("InvalidJWTToken: Token has expired 10 seconds ago"),
    (join) => join.crash(),
    (join) => join.refuse("UnableToConnectToProject: Realtime was unable to connect"),
  ];
  const sockets: WebSocket[] = [];
  for (const end of ends) {
    const join = await nextJoin();
    sockets.push(join.socket);
    end(join);
    await until(() => clock.pending === 1, "the feed waits");
    await clock.advance(30_000);
  }
  sockets.push((await nextJoin()).socket);
  const [ordinary, , quarantine] = sockets;
  assert.notEqual(quarantine, ordinary);
  const names = sockets.map((socket) => socket === ordinary ? "ordinary" : "quarantine");
  assert.equal(names.join(), "ordinary,ordinary,quarantine,quarantine,quarantine,ordinary");
  assert.deepEqual(kinds(), ["hint", "hint"], "the database is asked whether the token is good");
});

test("realtime feed forgets earlier failures and refusals once it was live", async (server) => {
  const { clock, messages, kinds, nextJoin } = subscribeFeed(source, server);
  const first = await nextJoin();
  first.refuse();
  await until(() => clock.pending === 1);
  await clock.advance(1_000);
  (await nextJoin()).refuse();
  await until(() => clock.pending === 1);
  await clock.advance(2_000);
  const join = await nextJoin();
  join.confirm();
  await until(() => messages.length === 3);
  join.close();
  await until(() => messages.length === 4);
  await clock.advance(1_000);
  const last = await nextJoin();
  assert.equal(last.socket, first.socket, "no longer apart");
  last.confirm();
  await until(() => messages.length === 5);
  assert.deepEqual(kinds(), ["hint", "hint", "live", "down", "live"]);
});

test("realtime feed joins again when the server closes the channel", async (server) => {
  const { clock, messages, kinds, join, nextJoin } = await subscribeLive(source, server);
  join.system("error", { extension: "system" });
  join.close();
  await until(() => clock.pending === 1 && messages.length === 2);
  await clock.advance(1_000);
  const again = await nextJoin();
  assert.equal(again.payload.access_token, "the.callers.token");
  again.confirm();
  await until(() => messages.length === 3);
  assert.deepEqual(kinds(), ["live", "down", "live"]);
});

for (const code of [1000, 4000]) {
  test(`realtime feed joins again at once when the socket is lost (code ${code})`, async (server) => {
    const { clock, messages, kinds, logged, join, nextJoin } = await subscribeLive(source, server);
    join.socket.close(code);
    await until(() => messages.length === 2);
    assert.equal(clock.pending, 0, "the feed itself does not wait");
    const again = await nextJoin();
    assert.equal(again.payload.access_token, "the.callers.token");
    again.confirm();
    await until(() => messages.length === 3);
    assert.deepEqual(kinds(), ["live", "down", "live"]);
    assert.equal(server.joins.length, 2);
    assert.deepEqual(logged.filter((it) => it.includes("channel lost")), []);
  });
}

test("realtime feed leaves it to the pool when a user joins whose join was one too many", async (server) => {
  const { clock, poolClock, logged, nextJoin } = subscribeFeed(source, server);
  const first = await nextJoin();
  first.refuse("ClientJoinRateLimitReached: Too many joins per second");
  await until(() => logged.length === 1, "the refusal is logged");
  assert.match(logged.join(), /channel lost.*RateLimit/);
  assert.equal(clock.pending, 0, "the feed itself does not wait");
  const pausedAt = poolClock.now();
  const second = await nextJoin();
  assert.ok(poolClock.now() - pausedAt >= 1_000, "the pool waits");
  assert.equal(second.socket, first.socket);
});

test("realtime feed joins again when a confirmation does not come within 30 s", async (server) => {
  const { clock, messages, logged, nextJoin } = subscribeFeed(source, server);
  const join = await nextJoin();
  join.accept();
  join.system("error");
  join.change(...HINT);
  await until(() => messages.length === 1);
  assert.equal(clock.pending, 1, "the feed waits for the confirmation");
  await clock.advance(29_999);
  assert.deepEqual(logged, []);
  await clock.advance(1);
  assert.match(logged.join(), /not confirmed/);
  await clock.advance(1_000);
  (await nextJoin()).confirm();
  await until(() => messages.length === 2);
  await clock.advance(600_000);
  assert.equal(server.joins.length, 2);
});

test("realtime feed joins again when the server does not recover from an error", async (server) => {
  const { clock, messages, kinds, join, nextJoin } = await subscribeLive(source, server);
  join.system("error");
  await until(() => messages.length === 2);
  await clock.advance(31_000);
  (await nextJoin()).confirm();
  await until(() => messages.length === 3);
  assert.deepEqual(kinds(), ["live", "down", "live"]);
});

test("realtime feed keeps its channel when the server recovers from an error", async (server) => {
  const { clock, messages, kinds, join } = await subscribeLive(source, server);
  join.system("error");
  join.system("ok");
  await until(() => messages.length === 3);
  await clock.advance(600_000);
  assert.deepEqual(kinds(), ["live", "down", "live"]);
  assert.deepEqual(server.leaves, []);
});

test("realtime feed rejoins at once on request, with a new channel", async (server) => {
  const { messages, kinds, subscription, join, nextJoin } = await subscribeLive(source, server);
  subscription.rejoin();
  assert.deepEqual(kinds(), ["live", "down"]);
  const again = await nextJoin();
  assert.deepEqual(server.leaves, [join.topic]);
  assert.equal(again.payload.access_token, "the.callers.token");
  again.confirm();
  await until(() => messages.length === 3);
  assert.deepEqual(kinds(), ["live", "down", "live"]);
});

test("realtime feed rejoins with a renewed token", async (server) => {
  const { subscription, nextJoin } = await subscribeLive(source, server);
  subscription.rejoin({ userId: USER_ID, token: "renewed", expiresAt: 0, rights: "aal1" });
  assert.equal((await nextJoin()).payload.access_token, "renewed");
});

test("realtime feed passes on no message of a channel that it has left", async (server) => {
  const { messages, subscription, join, nextJoin } = await subscribeLive(source, server);
  subscription.rejoin();
  const again = await nextJoin();
  join.change(...HINT);
  join.system("error");
  join.close();
  again.confirm();
  await until(() => messages.length === 3);
  again.change(...HINT);
  await until(() => messages.length === 4);
  assert.deepEqual(messages.map(({ kind }) => kind), ["live", "down", "live", "hint"]);
});

test("realtime feed is joining from its request until it is live", async (server) => {
  const { messages, subscription, nextJoin } = subscribeFeed(source, server);
  assert.equal(subscription.isJoining, true);
  const join = await nextJoin();
  join.accept();
  await settle();
  assert.equal(subscription.isJoining, true);
  join.system("ok");
  await until(() => messages.length === 1);
  assert.equal(subscription.isJoining, false);
});

test("realtime feed is not joining while it waits after a failure, or has ended", async (server) => {
  const { clock, subscription, leave, nextJoin } = subscribeFeed(source, server);
  (await nextJoin()).refuse();
  await until(() => clock.pending === 1);
  assert.equal(subscription.isJoining, false);
  await clock.advance(1_000);
  assert.equal(subscription.isJoining, true);
  leave();
  assert.equal(subscription.isJoining, false);
});

test("realtime feed leaves its channel on abort, and says nothing more", async (server) => {
  const { clock, messages, subscription, join, leave } = await subscribeLive(source, server);
  leave();
  join.change(...HINT);
  await until(() => server.leaves.length === 1);
  assert.deepEqual(server.leaves, [join.topic]);
  assert.equal(messages.length, 1, "live, and nothing since");
  assert.equal(clock.pending, 0);
  subscription.rejoin();
  await settle();
  assert.equal(server.joins.length, 1);
});

test("realtime feed does not join again after an abort while it waits", async (server) => {
  const { clock, leave, nextJoin } = subscribeFeed(source, server);
  (await nextJoin()).refuse();
  await until(() => clock.pending === 1);
  leave();
  assert.equal(clock.pending, 0);
});

test("realtime feed leaves on abort while a join has no answer", async (server) => {
  const { clock, kinds, leave, nextJoin } = subscribeFeed(source, server);
  const join = await nextJoin();
  leave();
  join.confirm();
  await until(() => server.leaves.length === 1, "the channel is left");
  assert.deepEqual(kinds(), []);
  assert.equal(clock.pending, 0);
});

test("realtime feed does not join for a stream that has ended", async (server) => {
  const { subscription, clock, poolClock } = subscribeFeed(source, server, {
    signal: AbortSignal.abort(),
  });
  subscription.rejoin();
  await settle();
  assert.equal(poolClock.pending, 0, "the pool has nothing to do");
  assert.equal(clock.pending, 0);
});

test("realtime feed stays down, and throws nothing, where no server listens", async (server) => {
  const { kinds, poolClock, leave } = subscribeFeed(source, server, {
    url: await unreachableUrl(),
  });
  await poolClock.advance(500);
  assert.deepEqual(kinds(), []);
  leave();
});
