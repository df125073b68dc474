import assert from "node:assert/strict";
import type { RealtimeSystemPayload } from "@supabase/supabase-js";
import type { ChannelSource } from "../../../supabase/functions/file-events/realtime/channel_source.ts";
import { postgresChangesSource as source } from "../../../supabase/functions/file-events/realtime/postgres_changes_source.ts";
import type { FeedMessage } from "../../../supabase/functions/file-events/stream/file_feed.ts";
import { OTHER_USER_ID, USER_ID } from "../../support/access_tokens.ts";
import { settle } from "../../support/fake_clock.ts";
import { unreachableUrl } from "../../support/http_server.ts";
import { until } from "../../support/until.ts";
import type { Join } from "./realtime_server.ts";
import { subscribeFeed, subscribeLive } from "./subscribe_feed.ts";
import { testWithServer as test } from "./test_with_server.ts";

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

test("realtime feed leaves after a refused join and tries again, less and less often", async (server) => {
  const { clock, kinds, logged, nextJoin } = subscribeFeed(source, server);
  for (const wait of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    (await nextJoin()).refuse();
    await until(() => clock.pending === 1, "the feed waits");
    await clock.advance(wait - 1);
    assert.equal(clock.pending, 1, `still waits before ${wait} ms`);
    await clock.advance(1);
  }
  const { topic } = await nextJoin();
  assert.deepEqual(server.leaves, Array(7).fill(topic));
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

test("realtime feed pauses all joins when the server had too many, and moves no user", async (server) => {
  const { clock, poolClock, nextJoin } = subscribeFeed(source, server);
  const first = await nextJoin();
  first.refuse("ClientJoinRateLimitReached: Too many joins per second");
  await until(() => clock.pending === 1, "the feed waits");
  const pausedAt = poolClock.now();
  await clock.advance(1_000);
  const second = await nextJoin();
  assert.ok(poolClock.now() - pausedAt >= 1_000, "the pool waits too");
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
  const emits: ((message: FeedMessage) => void)[] = [];
  const systems: ((system: RealtimeSystemPayload) => void)[] = [];
  const recording: ChannelSource = {
    ...source,
    listen(channel, _userId, emit) {
      emits.push(emit);
      const on = (_type: string, _filter: unknown, handle: typeof systems[0]) => {
        systems.push(handle);
        return channel;
      };
      Object.assign(channel, { on });
    },
  };
  const { messages, subscription, nextJoin } = subscribeFeed(recording, server);
  await nextJoin();
  subscription.rejoin();
  await nextJoin();
  for (const n of [0, 1]) {
    emits[n]!({ kind: "hint" });
    systems[n]!({ extension: "postgres_changes", status: "ok", channel: "", message: "" });
    const expected = [[], [{ kind: "hint" }, { kind: "live" }]][n];
    assert.deepEqual(messages, expected, `channel ${n}`);
  }
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
