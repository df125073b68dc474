import assert from "node:assert/strict";
import type { ChannelLoss } from "../../../supabase/functions/file-events/realtime/channel_loss.ts";
import {
  type ChannelHandle,
  createSocketPool,
} from "../../../supabase/functions/file-events/realtime/socket_pool.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { unreachableUrl } from "../../support/http_server.ts";
import { until } from "../../support/until.ts";
import { advanceUntil } from "./advance_until.ts";
import { FakeWebSocket } from "./fake_web_socket.ts";
import { type Join, type RealtimeServer, testWithServer as test } from "./realtime_server.ts";

interface TestChannel extends ChannelHandle {
  readonly reports: (ChannelLoss["kind"] | "joined")[];
}

/** A pool on the test's clock. The n-th socket connects to the n-th URL, or the last. */
function createPool(server: RealtimeServer, urls = [server.url]) {
  let opened = 0;
  const clock = new FakeClock();
  const logged: string[] = [];
  const pool = createSocketPool({
    createWebSocket: () => server.createWebSocket(urls[opened++] ?? urls.at(-1)),
    clock,
    random: () => 0.5,
    log(level, event) {
      assert.equal(level, "warn");
      logged.push(event);
    },
  });

  function request(topic: string, { wasRefused = false } = {}): TestChannel {
    const reports: TestChannel["reports"] = [];
    const handle = pool.request({
      topic,
      join: { config: {}, access_token: "token" },
      wasRefused,
      listener: {
        onJoined: () => void reports.push("joined"),
        onMessage() {},
        onLoss: ({ kind }) => void reports.push(kind),
      },
    });
    return {
      reports,
      leave: () => handle.leave(),
      get isJoining() {
        return handle.isJoining;
      },
    };
  }

  /** The next join. Time passes until it comes. */
  const nextJoin = () => server.nextJoin(clock);

  /** The next joins, which are answered at once. No time passes. */
  async function acceptJoins(count: number): Promise<Join[]> {
    const joins: Join[] = [];
    while (joins.length < count) {
      const join = await server.nextJoin();
      join.accept();
      joins.push(join);
    }
    return joins;
  }

  /** Requests a channel, and waits until it is joined. */
  async function join(topic: string): Promise<TestChannel & { join: Join }> {
    const channel = request(topic);
    const [join] = await acceptJoins(1);
    await until(() => channel.reports.length === 1, "joined");
    return Object.assign(channel, { join: join! });
  }
  return { pool, clock, logged, request, nextJoin, acceptJoins, join, opened: () => opened };
}

const TOO_MANY = "ClientJoinRateLimitReached: Too many joins per second";
const topics = (joins: Join[]) => joins.map(({ topic }) => topic.replace("realtime:", ""));
const socketsOf = (joins: Join[]) => new Set(joins.map(({ socket }) => socket)).size;

test("socket pool puts the channels of all users on one socket", async (server) => {
  const { request, acceptJoins } = createPool(server);
  request("files:1");
  request("files:2");
  const joins = await acceptJoins(2);
  assert.deepEqual(topics(joins), ["files:1", "files:2"]);
  assert.equal(socketsOf(joins), 1);
});

test("socket pool sends at most 8 joins that have no answer, and the next with each answer", async (server) => {
  const { request, clock } = createPool(server);
  for (let n = 0; n < 20; n++) request(`files:${n}`);
  await until(() => server.joins.length === 8, "8 joins");
  await settle();
  assert.equal(server.joins.length, 8);
  server.joins[3]!.accept();
  await until(() => server.joins.length === 9, "the 9th join");
  server.joins[0]!.refuse("Unauthorized");
  await until(() => server.joins.length === 10, "the 10th join");
  assert.equal(clock.now(), new FakeClock().now(), "no time has passed");
});

test("socket pool sends no join after one that has had no answer for a second", async (server) => {
  const { request, clock, nextJoin, acceptJoins, opened } = createPool(server);
  request("files:1");
  const first = await nextJoin();
  await clock.advance(1_001);
  request("files:2");
  first.refuse("Unauthorized");
  const [second] = await acceptJoins(1);
  assert.equal(second!.socket, first.socket);
  assert.equal(opened(), 1, "and opens no socket to get around it");
});

test("socket pool gives up a join that has had no answer for 10 s", async (server) => {
  const { request, clock, nextJoin } = createPool(server);
  const channels = [request("files:1"), request("files:2")];
  await nextJoin();
  await nextJoin();
  await clock.advance(9_000);
  assert.deepEqual(channels.map(({ reports }) => reports), [[], []]);
  await clock.advance(1_000);
  assert.deepEqual(channels.map(({ reports }) => reports), [["failure"], ["failure"]]);
  await until(() => server.leaves.length === 2, "the server is told");
});

test("socket pool opens another socket for the 101st channel", async (server) => {
  const { request, acceptJoins } = createPool(server);
  for (let n = 1; n <= 100; n++) request(`files:${n}`);
  assert.equal(socketsOf(await acceptJoins(100)), 1);
  request("files:101");
  await acceptJoins(1);
  assert.equal(server.sockets.size, 2);
});

test("socket pool opens all sockets that a crowd needs, once one is connected", async (server) => {
  const { request, acceptJoins, opened } = createPool(server);
  for (let n = 1; n <= 250; n++) request(`files:${n}`);
  assert.equal(opened(), 1);
  const joins = await acceptJoins(250);
  assert.equal(socketsOf(joins), 3);
});

test("socket pool rejoins on a full socket, in the place of the channel that was left", async (server) => {
  const { request, acceptJoins } = createPool(server);
  const first = request("files:1");
  for (let n = 2; n <= 100; n++) request(`files:${n}`);
  await acceptJoins(100);
  first.leave();
  request("files:1");
  await acceptJoins(1);
  assert.equal(server.sockets.size, 1);
});

test("socket pool keeps users apart whose last join was refused", async (server) => {
  const { request, acceptJoins } = createPool(server);
  request("files:1");
  request("files:2", { wasRefused: true });
  request("files:3", { wasRefused: true });
  const joins = await acceptJoins(3);
  const socketOf = (topic: string) => joins[topics(joins).indexOf(topic)]!.socket;
  assert.notEqual(socketOf("files:2"), socketOf("files:1"));
  assert.equal(socketOf("files:3"), socketOf("files:2"));
});

test("socket pool rejoins a topic on the socket that has just left it", async (server) => {
  const { request, join, nextJoin } = createPool(server);
  const first = await join("files:1");
  first.leave();
  const second = request("files:1");
  const again = await nextJoin();
  assert.deepEqual(server.leaves, ["realtime:files:1"]);
  assert.equal(server.sockets.size, 1);
  first.join.close();
  again.accept();
  await until(() => second.reports.length > 0);
  assert.deepEqual([first.reports, second.reports], [["joined"], ["joined"]]);
});

test("socket pool gives a topic that is in use another socket, for other rights of the same user", async (server) => {
  const { request, acceptJoins } = createPool(server);
  request("files:1");
  request("files:1");
  request("files:2");
  const joins = await acceptJoins(3);
  const [one, other] = joins.filter(({ topic }) => topic === "realtime:files:1");
  assert.notEqual(one!.socket, other!.socket);
  assert.equal(server.sockets.size, 2);
});

test("socket pool closes a socket that has had no channel for 10 s", async (server) => {
  const { clock, logged, join } = createPool(server);
  const channel = await join("files:1");
  channel.leave();
  await until(() => server.leaves.length === 1);
  await clock.advance(9_999);
  await settle();
  assert.equal(server.sockets.size, 1);
  await clock.advance(1);
  await until(() => server.sockets.size === 0, "the socket is closed");
  assert.equal(clock.pending, 0);
  assert.deepEqual(logged, []);
});

test("socket pool keeps a socket while it has a channel, and one that is used again within 10 s", async (server) => {
  const { clock, join } = createPool(server);
  const first = await join("files:1");
  const second = await join("files:2");
  first.leave();
  await clock.advance(15_000);
  second.leave();
  await clock.advance(5_000);
  const third = await join("files:3");
  await clock.advance(15_000);
  const fourth = await join("files:4");
  assert.equal(socketsOf([first.join, second.join, third.join, fourth.join]), 1);
  assert.equal(server.sockets.size, 1);
});

Deno.test("socket pool goes on with the next request when listeners throw, and logs it", () => {
  const { pool, sockets, logged } = createFakePool();
  const fail = () => {
    throw new Error("broken");
  };
  for (let n = 0; n < 10; n++) {
    const listener = { onJoined: fail, onMessage: fail, onLoss: fail };
    const join = { config: {}, access_token: "" };
    pool.request({ topic: `${n}`, join, wasRefused: false, listener });
  }
  const [socket] = sockets;
  socket!.open();
  const answer = (ref: number, status: string) =>
    socket!.deliver(
      JSON.stringify([`${ref}`, `${ref}`, `realtime:${ref - 1}`, "phx_reply", { status }]),
    );
  answer(1, "ok");
  answer(2, "error");
  socket!.deliver('["1",null,"realtime:0","system",{}]');
  assert.equal(socket!.sent.length, 10);
  assert.deepEqual(logged, ["unhandled error"], "at most once a minute");
});

test("socket pool tries again when a socket can't be made", async (server) => {
  const { request, logged, nextJoin } = createPool(server, ["not a URL", server.url]);
  request("files:1");
  assert.deepEqual(logged, ["realtime can't be reached"]);
  await nextJoin();
});

test("socket pool joins no channel for a request that was taken back", async (server) => {
  const { request, acceptJoins } = createPool(server);
  request("files:1").leave();
  request("files:2");
  assert.deepEqual(topics(await acceptJoins(1)), ["files:2"]);
});

test("socket pool closes a socket that was opened for a request taken back", async (server) => {
  const { clock, request } = createPool(server);
  const channel = request("files:1");
  await until(() => server.sockets.size === 1, "the socket is open");
  await settle();
  channel.leave();
  await clock.advance(11_000);
  await until(() => server.sockets.size === 0, "the socket is closed");
  assert.equal(clock.pending, 0);
});

test("socket pool pauses all joins when the server had too many, and goes on slowly", async (server) => {
  const { pool, clock, request, join } = createPool(server);
  await join("files:0");
  pool.slowDown();
  pool.slowDown();
  for (let n = 1; n <= 20; n++) request(`files:${n}`);
  await clock.advance(999);
  await settle();
  assert.equal(server.joins.length, 1);
  const from = clock.now();
  await advanceUntil(clock, () => server.joins.length >= 5, "4 joins");
  assert.ok(clock.now() - from >= 3 * 200, "about 4 a second");
});

test("socket pool makes the joins after such a refusal on another socket, to risk no channel", async (server) => {
  const { pool, join, request, nextJoin } = createPool(server);
  const before = await join("files:1");
  pool.slowDown();
  request("files:2");
  assert.notEqual((await nextJoin()).socket, before.join.socket);
});

test("socket pool sends no join elsewhere while one has had no answer for a second", async (server) => {
  const { clock, request, nextJoin } = createPool(server);
  request("files:1");
  const first = await nextJoin();
  await clock.advance(1_001);
  // A topic that its socket has.
  request("files:1");
  await until(() => server.sockets.size === 2, "another socket");
  await clock.advance(1_000);
  assert.equal(server.joins.length, 1);
  first.refuse(TOO_MANY);
  await nextJoin();
});

test("socket pool tells each channel of a lost socket, and connects again after a moment", async (server) => {
  const { clock, request, join, acceptJoins, logged } = createPool(server);
  const channels = [await join("files:1"), await join("files:2")];
  channels[0]!.join.socket.close(4000);
  await until(() => channels[1]!.reports.length === 2);
  assert.deepEqual(channels.map(({ reports }) => reports), Array(2).fill(["joined", "socket"]));
  request("files:1");
  await clock.advance(299);
  await settle();
  assert.equal(server.sockets.size, 0);
  await clock.advance(1);
  await acceptJoins(1);
  assert.deepEqual(logged, []);
});

/**
 * A pool whose sockets are the test's, and the times at which it opened them. Whenever it looks at the
 * clock, `stepMs` have passed.
 */
function createFakePool({ isReachable = true, stepMs = 0 } = {}) {
  const clock = new FakeClock();
  let reads = 0;
  const opened: number[] = [];
  const sockets: FakeWebSocket[] = [];
  const logged: string[] = [];
  const pool = createSocketPool({
    createWebSocket() {
      opened.push(clock.now());
      if (!isReachable) throw new Error("no network");
      const fake = new FakeWebSocket();
      sockets.push(fake);
      return fake.webSocket;
    },
    clock: {
      now: () => clock.now() + stepMs * reads++,
      after: (ms, callback) => clock.after(ms, callback),
    },
    random: () => 0.5,
    log: (_level, event) => void logged.push(event),
  });
  const request = (topic: string) =>
    pool.request({
      topic,
      join: { config: {}, access_token: "" },
      wasRefused: false,
      listener: { onJoined() {}, onMessage() {}, onLoss: () => void request(topic) },
    });
  return { clock, pool, opened, sockets, logged, request };
}

const delaysBetween = (times: number[]) => times.slice(1).map((at, n) => at - times[n]!);

Deno.test("socket pool connects less and less often while Realtime is down, and logs it once", async () => {
  const { clock, opened, logged, request } = createFakePool({ isReachable: false });
  for (let n = 0; n < 200; n++) request(`${n}`);
  await clock.advance(20_000);
  assert.deepEqual(delaysBetween(opened), [300, 600, 1_200, 2_400, 4_800, 5_000, 5_000]);
  assert.deepEqual(logged, ["realtime can't be reached"]);
});

Deno.test("socket pool connects less and less often to a server that closes each socket soon", async () => {
  const { clock, opened, sockets, request } = createFakePool();
  request("a");
  for (const delay of [300, 600, 1_200]) {
    sockets.at(-1)!.open();
    sockets.at(-1)!.lose();
    await clock.advance(delay);
  }
  assert.deepEqual(delaysBetween(opened), [300, 600, 1_200]);
  sockets.at(-1)!.open();
  await clock.advance(9_000);
  sockets.at(-1)!.lose();
  await clock.advance(2_400);
  sockets.at(-1)!.open();
  // Long enough for the earlier failures to be forgotten. The join has no answer for 10 s.
  sockets.at(-1)!.deliver('["1","1","realtime:a","phx_reply",{"status":"ok","response":{}}]');
  await clock.advance(10_001);
  sockets.at(-1)!.lose();
  await clock.advance(300);
  assert.deepEqual(delaysBetween(opened).slice(3), [11_400, 10_301]);
});

Deno.test("socket pool counts sockets that are lost at the same moment as one failure", async () => {
  const { clock, opened, sockets, request } = createFakePool();
  for (let n = 0; n < 250; n++) request(`${n}`);
  sockets[0]!.open();
  assert.equal(opened.length, 3);
  for (const socket of sockets) socket.lose();
  await clock.advance(300);
  assert.equal(opened.length, 4);
});

Deno.test("socket pool connects at once after a socket was closed because nobody used it", async () => {
  const { clock, opened, sockets, request } = createFakePool();
  request("a").leave();
  sockets[0]!.open();
  await clock.advance(10_000);
  assert.ok(sockets[0]!.isClosed);
  request("b");
  assert.equal(opened.length, 2);
});

Deno.test("socket pool forgets nobody although time passes while it decides", async () => {
  // Less than the time between two joins after a refusal, and more than a third of it.
  const { clock, pool, sockets, request } = createFakePool({ stepMs: 100 });
  request("a").leave();
  const [socket] = sockets;
  socket!.open();
  pool.slowDown();
  request("b");
  request("c");
  await clock.advance(2_000);
  assert.equal(socket!.sent.length, 2);
});

Deno.test("socket pool has no timer when nobody waits any more", async () => {
  const { clock, pool, request } = createFakePool({ isReachable: false });
  request("a").leave();
  assert.equal(clock.pending, 0);
  pool.slowDown();
  const channels = [request("b"), request("c")];
  assert.equal(clock.pending, 1);
  for (const channel of channels) channel.leave();
  assert.equal(clock.pending, 0);
  await clock.advance(60_000);
});

test("socket pool logs once in each outage that Realtime can't be reached", async (server) => {
  const { clock, logged, join, request, nextJoin } = createPool(server);
  const line = "realtime can't be reached";
  await join("files:1");
  for (const outage of [1, 2]) {
    server.isUp = false;
    for (const socket of server.sockets) socket.close(4000);
    await until(() => server.sockets.size === 0);
    request(`files:during ${outage}`);
    await advanceUntil(clock, () => logged.length > outage - 1, "the outage is logged");
    await clock.advance(5_000);
    assert.deepEqual(logged, Array(outage).fill(line));
    server.isUp = true;
    (await nextJoin()).accept();
  }
});

test("socket pool lets nobody wait for a refused user's socket that can't be connected", async (server) => {
  const { request, acceptJoins } = createPool(server, [await unreachableUrl(), server.url]);
  request("files:refused", { wasRefused: true });
  for (let n = 0; n < 5; n++) request(`files:${n}`);
  assert.deepEqual(topics(await acceptJoins(5)), [0, 1, 2, 3, 4].map((n) => `files:${n}`));
});

test("socket pool gives up a connection that is never answered, and tries another", async (server) => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silent.accept();
  const { port } = silent.addr as Deno.NetAddr;
  const pool = createPool(server, [`http://127.0.0.1:${port}`, server.url]);
  pool.request("files:1");
  const connection = await accepted;
  await pool.clock.advance(9_999);
  assert.deepEqual(pool.logged, []);
  await pool.clock.advance(1);
  assert.deepEqual(pool.logged, ["realtime can't be reached"]);
  connection.close();
  await pool.nextJoin();
});

test("socket pool expects a channel soon while a socket connects or answers, and few wait", async (server) => {
  const { request, clock, nextJoin } = createPool(server);
  const first = request("files:1");
  assert.equal(first.isJoining, true, "a socket connects");
  for (let n = 2; n <= 17; n++) request(`files:${n}`);
  const last = request("files:last");
  assert.equal(last.isJoining, false, "many wait");
  await nextJoin();
  assert.equal(first.isJoining, true, "the join was sent");
  await clock.advance(300);
  assert.equal(first.isJoining, false, "it takes long");
});

Deno.test("socket pool expects no channel soon in a pause, and while joins are paced after it", async () => {
  const { clock, pool, sockets, request } = createFakePool();
  const first = request("a");
  sockets[0]!.open();
  first.leave();
  pool.slowDown();
  assert.equal(request("b").isJoining, false);
  await clock.advance(1_000);
  assert.equal(request("c").isJoining, false);
});

test("socket pool expects no channel soon while Realtime can't be reached", async (server) => {
  const { request, clock, logged } = createPool(server, [await unreachableUrl()]);
  const channel = request("files:1");
  await until(() => logged.length === 1, "an outage");
  await clock.advance(300);
  assert.equal(channel.isJoining, false);
});
