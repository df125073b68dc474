import assert from "node:assert/strict";
import type { RealtimeChannel } from "@supabase/supabase-js";
import { createRealtimeClient } from "../../../supabase/functions/file-events/realtime/realtime_client.ts";
import { createSocketPool } from "../../../supabase/functions/file-events/realtime/socket_pool.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { unreachableUrl } from "../../support/http_server.ts";
import { until } from "../../support/until.ts";
import { testWithServer as test } from "./test_with_server.ts";

/** A pool of real clients on the test's clock. The n-th one connects to the n-th URL, or the last. */
function createPool(...servers: { readonly url: string }[]) {
  let clients = 0;
  const clock = new FakeClock();
  const logged: string[] = [];
  const pool = createSocketPool({
    createClient: () => {
      const { url } = servers[Math.min(clients++, servers.length - 1)]!;
      return createRealtimeClient(url, "sb_publishable_test", { random: () => 0.5 });
    },
    clock,
    log: (_level, event) => void logged.push(event),
  });
  const channels: RealtimeChannel[] = [];

  /** Asks for a channel, which joins as soon as it is given. */
  function request(topic: string, { wasRefused = false } = {}) {
    const onChannel = (channel: RealtimeChannel) => {
      channels.push(channel);
      channel.subscribe();
    };
    return pool.request({ topic, options: { config: {} }, wasRefused, onChannel });
  }

  /** Lets time pass, 50 ms at a turn, until the pool has handed out so many channels. */
  async function handedOut(count: number): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (channels.length < count) {
      assert.ok(Date.now() < deadline, `waited in vain for ${count} channels`);
      await clock.advance(50);
    }
  }
  return { pool, clock, channels, logged, request, handedOut };
}

test("socket pool puts the channels of all users on one socket", async (server) => {
  const { channels, request, handedOut } = createPool(server);
  request("files:1");
  request("files:2");
  await handedOut(2);
  const joins = [await server.nextJoin(), await server.nextJoin()];
  assert.deepEqual(joins.map(({ topic }) => topic), ["realtime:files:1", "realtime:files:2"]);
  assert.equal(server.openSockets, 1);
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
  assert.equal(server.openSockets, 2);
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

test("socket pool lets a topic wait that is being left, and nobody else", async (server) => {
  const { pool, channels, request, handedOut } = createPool(server);
  request("files:1");
  request("files:2");
  await handedOut(2);
  const client = channels[0]!.socket;
  const { removeChannel } = client;
  const left = Promise.withResolvers<void>();
  // As long as the server has not answered, the client has the channel.
  client.removeChannel = async (channel) => {
    await left.promise;
    return await removeChannel.call(client, channel);
  };
  pool.release(channels[0] as RealtimeChannel);
  request("files:1");
  request("files:3");
  await handedOut(3);
  assert.equal(channels[2]?.subTopic, "files:3", "it need not wait for the one before it");
  left.resolve();
  await handedOut(4);
  assert.equal(channels[3]?.subTopic, "files:1");
  assert.notEqual(channels[3], channels[0], "not the channel that is left");
  assert.equal(server.openSockets, 1);
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
  assert.equal(server.openSockets, 2);
});

test("socket pool closes a socket that has had no channel for 10 s", async (server) => {
  const { pool, clock, channels, logged, request, handedOut } = createPool(server);
  request("files:1");
  await handedOut(1);
  (await server.nextJoin()).accept();
  await until(() => channels[0]?.state === "joined");
  pool.release(channels[0] as RealtimeChannel);
  await until(() => server.leaves.length === 1);
  await until(() => channels[0]?.socket.getChannels().length === 0);
  await clock.advance(9_999);
  await settle();
  assert.equal(server.openSockets, 1);
  await clock.advance(1);
  await until(() => server.openSockets === 0, "the socket is closed");
  assert.equal(clock.pending, 0);
  assert.deepEqual(logged, []);
});

test("socket pool keeps a socket that is used again within 10 s", async (server) => {
  const { pool, clock, channels, request, handedOut } = createPool(server);
  request("files:1");
  await handedOut(1);
  (await server.nextJoin()).accept();
  await until(() => channels[0]?.state === "joined");
  pool.release(channels[0] as RealtimeChannel);
  await until(() => channels[0]?.socket.getChannels().length === 0);
  await clock.advance(5_000);
  request("files:2");
  await handedOut(2);
  await clock.advance(60_000);
  request("files:3");
  await handedOut(3);
  assert.equal(new Set(channels.map(({ socket }) => socket)).size, 1);
  assert.equal(server.openSockets, 1);
});

test("socket pool takes a request back", async (server) => {
  const { channels, request, handedOut, clock } = createPool(server);
  const cancel = request("files:1");
  request("files:2");
  cancel();
  await handedOut(1);
  await clock.advance(1_000);
  assert.deepEqual(channels.map(({ subTopic }) => subTopic), ["files:2"]);
});

test("socket pool lets all joins wait when the server had too many, ever longer", async (server) => {
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

test("socket pool's clients send the key, never a token, in the URL", async (server) => {
  const client = createRealtimeClient(`${server.url}/`, "sb_publishable_test", {
    random: () => 0.5,
  });
  const url = new URL(client.endpointURL());
  assert.equal(url.protocol, "ws:");
  assert.equal(url.pathname, "/realtime/v1/websocket");
  assert.equal(url.searchParams.get("apikey"), "sb_publishable_test");
  await client.disconnect();
});

test("socket pool closes a socket that was opened for a request taken back", async (server) => {
  const { clock, request } = createPool(server);
  const cancel = request("files:1");
  cancel();
  await until(() => server.openSockets === 1, "the socket is open");
  await clock.advance(11_000);
  await until(() => server.openSockets === 0, "the socket is closed");
  assert.equal(clock.pending, 0);
});

test("socket pool says once that Realtime can't be reached", async (server) => {
  const { channels, clock, logged, request, handedOut } = createPool(server);
  request("files:1");
  await handedOut(1);
  assert.deepEqual(logged, []);
  await channels[0]?.socket.disconnect();
  request("files:2");
  await clock.advance(500);
  assert.deepEqual(logged, ["realtime can't be reached"]);
});

test("socket pool says so once, too, while another socket is connected", async (server) => {
  const { clock, logged, request, handedOut } = createPool(server, {
    url: await unreachableUrl(),
  });
  request("files:1");
  await handedOut(1);
  request("files:refused", { wasRefused: true });
  const deadline = Date.now() + 10_000;
  while (logged.length === 0) {
    assert.ok(Date.now() < deadline, "waited in vain for the line");
    await clock.advance(50);
  }
  for (let n = 0; n < 20; n++) {
    request(`files:${n + 2}`);
    await clock.advance(100);
  }
  assert.deepEqual(logged, ["realtime can't be reached"]);
});

test("socket pool lets nobody wait for a refused user's socket that can't be connected", async (server) => {
  const { request, handedOut, channels } = createPool({ url: await unreachableUrl() }, server);
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
  const pool = createPool({ url: `http://127.0.0.1:${port}` }, server);
  pool.request("files:1");
  await pool.clock.advance(9_000);
  assert.equal(pool.channels.length, 0);
  await pool.clock.advance(2_000);
  await pool.handedOut(1);
  assert.deepEqual(pool.logged, ["realtime can't be reached"]);
  (await accepted).close();
});
