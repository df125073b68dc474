import assert from "node:assert/strict";
import type { RealtimeChannel } from "@supabase/supabase-js";
import { createSocketPool } from "../../../supabase/functions/file-events/realtime/socket_pool.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { unreachableUrl } from "../../support/http_server.ts";
import { until } from "../../support/until.ts";
import { advanceUntil } from "./advance_until.ts";
import { type RealtimeServer, testWithServer as test } from "./realtime_server.ts";

/** A pool of real clients on the test's clock. The n-th one connects to the n-th URL, or the last. */
function createPool(server: RealtimeServer, urls = [server.url]) {
  let clients = 0;
  const clock = new FakeClock();
  const logged: string[] = [];
  const pool = createSocketPool({
    createClient: () => server.createClient(urls[clients++] ?? urls.at(-1)),
    clock,
    log(level, event) {
      assert.equal(level, "warn");
      logged.push(event);
    },
  });
  const channels: RealtimeChannel[] = [];

  /** Requests a channel, which joins at once. The returned function gives it up. */
  function request(topic: string, { wasRefused = false } = {}): () => void {
    const controller = new AbortController();
    const { signal } = controller;
    const onChannel = (channel: RealtimeChannel) => {
      channels.push(channel);
      channel.subscribe();
    };
    pool.request({ topic, options: { config: {} }, wasRefused, signal, onChannel });
    return () => controller.abort();
  }

  /** Lets time pass until the pool has handed out so many channels. */
  function handedOut(count: number): Promise<void> {
    return advanceUntil(clock, () => channels.length >= count, `${count} channels are handed out`);
  }

  /** Requests a channel, and waits until it is joined. */
  async function join(topic: string): Promise<() => void> {
    const leave = request(topic);
    await handedOut(channels.length + 1);
    const channel = channels.at(-1)!;
    (await server.nextJoin()).accept();
    await until(() => channel.state === "joined");
    return leave;
  }
  return { pool, clock, channels, logged, request, handedOut, join };
}

test("socket pool puts the channels of all users on one socket", async (server) => {
  const { channels, request, handedOut } = createPool(server);
  request("files:1");
  request("files:2");
  await handedOut(2);
  const joins = [await server.nextJoin(), await server.nextJoin()];
  assert.deepEqual(joins.map(({ topic }) => topic), ["realtime:files:1", "realtime:files:2"]);
  assert.equal(server.sockets.size, 1);
  assert.equal(channels[0]?.socket, channels[1]?.socket);
});

test("socket pool hands out no channel before its socket is connected", async (server) => {
  const { channels, request, handedOut } = createPool(server);
  request("files:1");
  assert.equal(channels.length, 0);
  await handedOut(1);
  assert.equal(channels[0]?.socket.isConnected(), true);
});

test("socket pool paces joins: 50 a second at most", async (server) => {
  const { clock, channels, request, handedOut } = createPool(server);
  request("files:0");
  await handedOut(1);
  await clock.advance(1_000);
  for (let n = 1; n <= 10; n++) request(`files:${n}`);
  assert.equal(channels.length, 2);
  await clock.advance(19);
  assert.equal(channels.length, 2);
  await clock.advance(1);
  assert.equal(channels.length, 3);
  await clock.advance(8 * 20);
  assert.equal(channels.length, 11);
});

test("socket pool opens another socket for the 101st channel", async (server) => {
  const { channels, request, handedOut } = createPool(server);
  for (let n = 1; n <= 101; n++) request(`files:${n}`);
  await handedOut(101);
  assert.equal(new Set(channels.slice(0, 100).map(({ socket }) => socket)).size, 1);
  assert.notEqual(channels[100]?.socket, channels[0]?.socket);
  assert.equal(server.sockets.size, 2);
});

test("socket pool rejoins on a full socket, in the place of the channel that was left", async (server) => {
  const { channels, request, handedOut } = createPool(server);
  const leave = request("files:1");
  for (let n = 2; n <= 100; n++) request(`files:${n}`);
  await handedOut(100);
  leave();
  request("files:1");
  await handedOut(101);
  assert.equal(channels[100]?.socket, channels[0]?.socket);
  assert.equal(server.sockets.size, 1);
});

test("socket pool keeps users apart whose last join was refused", async (server) => {
  const { channels, request, handedOut } = createPool(server);
  request("files:1");
  request("files:2", { wasRefused: true });
  request("files:3", { wasRefused: true });
  await handedOut(3);
  assert.notEqual(channels[1]?.socket, channels[0]?.socket);
  assert.equal(channels[2]?.socket, channels[1]?.socket);
});

test("socket pool rejoins a topic on the socket that has just left it", async (server) => {
  const { channels, request, handedOut, join } = createPool(server);
  const leave = await join("files:1");
  leave();
  request("files:1");
  await handedOut(2);
  await server.nextJoin();
  assert.deepEqual(server.leaves, ["realtime:files:1"]);
  assert.notEqual(channels[1], channels[0]);
  assert.equal(server.sockets.size, 1);
});

test("socket pool gives a topic that is in use another socket, for other rights of the same user", async (server) => {
  const { channels, request, handedOut } = createPool(server);
  request("files:1");
  request("files:1");
  request("files:2");
  await handedOut(3);
  const [first, ...others] = channels;
  const second = others.find(({ subTopic }) => subTopic === "files:1");
  assert.notEqual(second?.socket, first?.socket);
  assert.equal(server.sockets.size, 2);
});

test("socket pool closes a socket that has had no channel for 10 s", async (server) => {
  const { clock, channels, logged, join } = createPool(server);
  const leave = await join("files:1");
  leave();
  await until(() => server.leaves.length === 1);
  await until(() => channels[0]?.socket.getChannels().length === 0);
  await clock.advance(9_999);
  await settle();
  assert.equal(server.sockets.size, 1);
  await clock.advance(1);
  await until(() => server.sockets.size === 0, "the socket is closed");
  assert.equal(clock.pending, 0);
  assert.deepEqual(logged, []);
});

test("socket pool keeps a socket while it has a channel", async (server) => {
  const { clock, channels, join } = createPool(server);
  const leave = await join("files:1");
  await join("files:2");
  leave();
  await until(() => server.leaves.length === 1);
  await clock.advance(60_000);
  assert.equal(channels[1]?.socket.isConnected(), true);
});

test("socket pool keeps a socket that is used again within 10 s", async (server) => {
  const { clock, channels, join, request, handedOut } = createPool(server);
  const leave = await join("files:1");
  leave();
  await until(() => server.leaves.length === 1);
  await clock.advance(5_000);
  request("files:2");
  await handedOut(2);
  await clock.advance(60_000);
  request("files:3");
  await handedOut(3);
  assert.equal(new Set(channels.map(({ socket }) => socket)).size, 1);
  assert.equal(server.sockets.size, 1);
});

test("socket pool frees the place of a channel that supabase-js fails to leave", async (server) => {
  const { clock, channels, logged, join } = createPool(server);
  const leave = await join("files:1");
  channels[0]!.socket.removeChannel = () => Promise.reject(new Error("not left"));
  leave();
  await clock.advance(10_000);
  await until(() => server.sockets.size === 0, "the socket is closed");
  assert.deepEqual(logged, ["channel not left cleanly"]);
});

test("socket pool logs that supabase-js fails to disconnect a socket", async (server) => {
  const { clock, channels, logged, join } = createPool(server);
  const leave = await join("files:1");
  const client = channels[0]!.socket;
  const { disconnect } = client;
  client.disconnect = () => Promise.reject(new Error("not closed"));
  leave();
  await clock.advance(10_000);
  assert.deepEqual(logged, ["socket not closed cleanly"]);
  client.disconnect = disconnect;
});

test("socket pool goes on with the next request when a join throws", async (server) => {
  const { pool, clock, request, handedOut } = createPool(server);
  const { signal } = new AbortController();
  const onChannel = () => {
    throw new Error("broken");
  };
  pool.request({ topic: "files:1", options: { config: {} }, wasRefused: false, signal, onChannel });
  request("files:2");
  await assert.rejects(advanceUntil(clock, () => false), /broken/);
  await handedOut(1);
});

test("socket pool tries again when a client can't be made", async (server) => {
  const { request, handedOut } = createPool(server, ["not a URL", server.url]);
  assert.throws(() => request("files:1"), /Invalid URL/);
  await handedOut(1);
});

test("socket pool hands out no channel for a request that was given up", async (server) => {
  const { pool, channels, request, handedOut, clock } = createPool(server);
  const giveUp = request("files:1");
  request("files:2");
  giveUp();
  const signal = AbortSignal.abort();
  const onChannel = () => assert.fail("the request had ended before it began");
  pool.request({ topic: "files:3", options: { config: {} }, wasRefused: false, signal, onChannel });
  await handedOut(1);
  await clock.advance(1_000);
  assert.deepEqual(channels.map(({ subTopic }) => subTopic), ["files:2"]);
});

test("socket pool pauses all joins when the server had too many, longer each time", async (server) => {
  const { pool, clock, channels, request, handedOut } = createPool(server);
  request("files:0");
  await handedOut(1);
  await clock.advance(1_000);
  for (const [n, pause] of [1_000, 2_000, 4_000].entries()) {
    pool.slowDown();
    pool.slowDown();
    request(`files:${n + 1}`);
    await clock.advance(pause - 1);
    assert.equal(channels.length, n + 1, `still waits before ${pause} ms`);
    await clock.advance(100);
    assert.equal(channels.length, n + 2);
  }
});

test("socket pool joins at half the pace after each such pause, until nobody waits", async (server) => {
  const { pool, clock, channels, request, handedOut } = createPool(server);
  request("files:0");
  await handedOut(1);
  await clock.advance(1_000);
  for (let n = 1; n <= 20; n++) request(`files:${n}`);
  for (const [pause, interval] of [[1_000, 40], [2_000, 80]] as const) {
    pool.slowDown();
    await clock.advance(pause + 100);
    const before = channels.length;
    await clock.advance(4 * interval);
    assert.equal(channels.length, before + 4);
  }
  await handedOut(21);
  await clock.advance(1_000);
  for (let n = 21; n <= 30; n++) request(`files:${n}`);
  const before = channels.length;
  await clock.advance(5 * 20);
  assert.equal(channels.length, before + 5, "the ordinary pace");
});

test("socket pool closes a socket that was opened for a request given up", async (server) => {
  const { clock, request } = createPool(server);
  request("files:1")();
  await until(() => server.sockets.size === 1, "the socket is open");
  await clock.advance(11_000);
  await until(() => server.sockets.size === 0, "the socket is closed");
  assert.equal(clock.pending, 0);
});

test("socket pool waits for a lost socket to reconnect, and keeps the channels on it", async (server) => {
  const { clock, channels, request, handedOut, join } = createPool(server);
  await join("files:1");
  for (const socket of server.sockets) socket.close(4000);
  await until(() => server.sockets.size === 0);
  await until(() => !channels[0]!.socket.isConnected());
  const giveUp = request("files:2");
  giveUp();
  await clock.advance(11_000);
  request("files:3");
  await handedOut(2);
  assert.equal(channels[1]?.socket, channels[0]?.socket);
});

test("socket pool logs once in each outage that Realtime can't be reached", async (server) => {
  const { channels, clock, logged, handedOut, join, request } = createPool(server);
  const line = "realtime can't be reached";
  await join("files:1");
  for (const outage of [1, 2]) {
    server.isUp = false;
    for (const socket of server.sockets) socket.close(4000);
    await until(() => !channels[0]!.socket.isConnected());
    request(`files:during ${outage}`);
    await advanceUntil(clock, () => logged.length > outage - 1, "the outage is logged");
    await clock.advance(500);
    assert.deepEqual(logged, Array(outage).fill(line));
    server.isUp = true;
    await handedOut(outage + 1);
  }
});

test("socket pool logs an outage of one socket while another is connected", async (server) => {
  const { clock, logged, request, handedOut } = createPool(server, [
    server.url,
    await unreachableUrl(),
  ]);
  request("files:1");
  await handedOut(1);
  request("files:refused", { wasRefused: true });
  await advanceUntil(clock, () => logged.length > 0, "the outage is logged");
  for (let n = 0; n < 20; n++) {
    request(`files:${n + 2}`);
    await clock.advance(100);
  }
  assert.deepEqual(logged, ["realtime can't be reached"]);
});

test("socket pool lets nobody wait for a refused user's socket that can't be connected", async (server) => {
  const { request, handedOut, channels } = createPool(server, [await unreachableUrl(), server.url]);
  request("files:refused", { wasRefused: true });
  for (let n = 0; n < 5; n++) request(`files:${n}`);
  await handedOut(5);
  assert.deepEqual(
    channels.map(({ subTopic }) => subTopic),
    [0, 1, 2, 3, 4].map((n) => `files:${n}`),
  );
});

test("socket pool gives up a connection that is never answered, and tries another", async (server) => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silent.accept();
  const { port } = silent.addr as Deno.NetAddr;
  const pool = createPool(server, [`http://127.0.0.1:${port}`, server.url]);
  pool.request("files:1");
  // The pool sees after 50 ms that the socket is connecting, and then looks every 50 ms.
  await pool.clock.advance(50 + 10_000);
  assert.deepEqual(pool.logged, []);
  await pool.clock.advance(50);
  assert.deepEqual(pool.logged, ["realtime can't be reached"]);
  await pool.handedOut(1);
  await pool.clock.advance(50);
  assert.equal(pool.clock.pending, 0, "no timer of the first socket is left");
  (await accepted).close();
});
