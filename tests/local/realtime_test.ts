import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import type { Database } from "../../local/database.ts";
import type { RealtimeOptions } from "../../local/realtime/options.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { deadline } from "../support/deadline.ts";
import { until } from "../support/until.ts";
import { openRawSocket, type RawSocket } from "./raw_socket.ts";
import { recordedSchema } from "./recorded_schema.ts";
import { mintToken } from "../../local/mint_token.ts";
import { OTHER_USER_ID, USER_ID } from "../support/access_tokens.ts";

const [user1, user2] = [USER_ID, OTHER_USER_ID];

/** A stack with the recorded `files` table and no function. */
function startRealtime(realtime: Partial<RealtimeOptions> = {}) {
  return startStack({
    withFunction: false,
    scripts: recordedSchema,
    realtime: { refusedJoinMs: 30, refusedKeyMs: 30, resubscribeMs: 0, ...realtime },
    log: (line) => assert.fail(line),
  });
}

const insert = (user: string, name = "a.txt") =>
  `insert into files (user_id, filename, file_type) values ('${user}', '${name}', 'text/plain')`;

/** Joins, and takes the reply; with postgres_changes also the "Subscribed" message. */
async function join(socket: RawSocket, topic: string, { token, changes = [], ...config }: {
  token: string;
  changes?: Record<string, string>[];
  private?: boolean;
  broadcast?: Record<string, boolean>;
}) {
  const payload = { config: { ...config, postgres_changes: changes }, access_token: token };
  socket.send(JSON.stringify(["1", "1", `realtime:${topic}`, "phx_join", payload]));
  const reply = read(await socket.next());
  const subscribed = changes.length > 0 && reply.status === "ok"
    ? read(await socket.next())
    : undefined;
  return { ...reply, subscribed };
}

// deno-lint-ignore no-explicit-any -- frames are checked, not typed
function read(frame: string | ArrayBuffer): any {
  return JSON.parse(frame as string)[4];
}

/** Changes are read and sent in the turn after the write that made them. */
async function delivered(database: Database): Promise<void> {
  await database.query("select 1");
}

/** File names of the changes that come before the answer to a heartbeat. */
async function filenames(socket: RawSocket): Promise<string[]> {
  return (await socket.rest()).map((frame) => read(frame).data.record.filename);
}

Deno.test("Realtime postgres_changes", async (t) => {
  await using stack = await startRealtime();
  const { database, url, publishableKey: apikey } = stack;
  const token = await mintToken(user1);
  const open = () => openRawSocket(url, { apikey });
  const all = { event: "*", schema: "public", table: "files" };

  for (
    const [filter, expected] of [
      ["progress=eq.50", ["50"]],
      ["progress=neq.50", ["9", "100"]],
      ["progress=lt.50", ["9"]],
      ["progress=lte.50", ["9", "50"]],
      ["progress=gt.50", ["100"]],
      ["progress=gte.50", ["50", "100"]],
      ["progress=in.(9,100)", ["9", "100"]],
      ["filename=eq.50", ["50"]],
      ["created_at=gt.2020-01-01", ["9", "50", "100"]],
      ["created_at=lt.2020-01-01", []],
      ["error_message=neq.x", []],
    ] as const
  ) {
    await t.step(`compares ${filter} as the column's type does`, async () => {
      await using socket = await open();
      await join(socket, "filters", { token, changes: [{ ...all, filter }] });
      for (const progress of [9, 50, 100]) {
        await database.execute(`insert into files (user_id, filename, file_type, progress)
          values ('${user1}', '${progress}', 'text/plain', ${progress})`);
      }
      await delivered(database);
      assert.deepEqual(await filenames(socket), expected);
    });
  }

  await t.step("tells what is wrong with a subscription, and keeps the channel", async () => {
    await using socket = await open();
    for (
      const [change, message] of [
        [{ ...all, table: "nowhere" }, /Please check Realtime is enabled.*table: nowhere/],
        [{ ...all, filter: "nothing=eq.1" }, /invalid column for filter nothing/],
        [{ ...all, filter: "user_id=eq.me" }, /invalid input syntax for type uuid: "me"/],
        [{ ...all, filter: "user_id=foo.me" }, /Error parsing `filter` params/],
      ] as const
    ) {
      const { status, subscribed } = await join(socket, "wrong", { token, changes: [change] });
      assert.equal(status, "ok");
      assert.equal(subscribed.status, "error");
      assert.match(subscribed.message, message);
      socket.send(JSON.stringify(["1", "2", "realtime:wrong", "phx_leave", {}]));
      await socket.rest();
    }
  });

  await t.step("selects event kinds, and numbers a subscription the same every time", async () => {
    await using socket = await open();
    const changes = [{ ...all, event: "DELETE" }, { ...all, event: "INSERT" }, all];
    const first = await join(socket, "one", { token, changes });
    const ids = first.response.postgres_changes.map(({ id }: { id: number }) => id);
    await database.execute(insert(user1));
    await delivered(database);
    const [frame] = await socket.rest();
    assert.deepEqual(read(frame!).ids, [ids[1], ids[2]]);
    const second = await join(socket, "two", { token, changes: [all] });
    assert.equal(second.response.postgres_changes[0].id, ids[2]);
  });

  await t.step("shows an UPDATE that changes the owner to the new one alone", async () => {
    await using sockets = new AsyncDisposableStack();
    const [old, next] = [sockets.use(await open()), sockets.use(await open())];
    await join(old, "x", { token, changes: [all] });
    await join(next, "x", { token: await mintToken(user2), changes: [all] });
    await database.execute(`delete from files; ${insert(user1)}`);
    await old.rest();
    await next.rest();
    await database.execute(`update files set user_id = '${user2}'`);
    await delivered(database);
    assert.deepEqual(await old.rest(), []);
    assert.equal(read((await next.rest())[0]!).data.type, "UPDATE");
  });

  await t.step("sends nothing of a transaction that rolls back", async () => {
    await using socket = await open();
    await join(socket, "x", { token, changes: [all] });
    await database.execute(`begin; ${insert(user1)}; rollback`);
    await database.execute(insert(user1, "kept.txt"));
    await delivered(database);
    assert.deepEqual(await filenames(socket), ["kept.txt"]);
  });

  await t.step("leaves out a large value that an UPDATE does not touch", async () => {
    await using socket = await open();
    await database.execute(`delete from files; ${insert(user1)};
      update files set error_message = repeat('é', 20000)`);
    await join(socket, "x", { token, changes: [all] });
    await database.execute("update files set progress = 7");
    await delivered(database);
    const { record } = read((await socket.rest())[0]!).data;
    assert.equal(record.progress, 7);
    assert.ok(!("error_message" in record));
  });

  await t.step("removes long fields from a record over 1 MiB", async () => {
    await using socket = await open();
    await join(socket, "x", { token, changes: [all] });
    await database.execute(`update files set error_message = repeat('x', 1100000)`);
    await delivered(database);
    const { record, errors } = read((await socket.rest())[0]!).data;
    assert.deepEqual(errors, ["Error 413: Payload Too Large"]);
    assert.equal(record.file_type, "text/plain");
    assert.ok(!("error_message" in record));
  });

  await t.step("leaves out columns that the role may not read", async () => {
    await using socket = await open();
    await database.execute(`revoke select on files from authenticated;
      grant select (id, user_id, filename) on files to authenticated`);
    await join(socket, "x", { token, changes: [all] });
    await database.execute(insert(user1));
    await delivered(database);
    const { record, columns } = read((await socket.rest())[0]!).data;
    assert.deepEqual(Object.keys(record).sort(), ["filename", "id", "user_id"]);
    assert.equal(columns.length, 3);
    await database.execute("grant select on files to authenticated");
  });

  await t.step("follows the publication", async () => {
    await using socket = await open();
    await join(socket, "x", { token, changes: [all] });
    await database.execute("alter publication supabase_realtime drop table files");
    await database.execute(insert(user1, "unpublished.txt"));
    await database.execute("alter publication supabase_realtime add table files");
    await database.execute(insert(user1, "published.txt"));
    await delivered(database);
    assert.deepEqual(await filenames(socket), ["published.txt"]);
  });

  await t.step("forgets subscriptions with their sockets", async () => {
    await until(() => stack.realtime.counts().sockets === 0, "closed sockets");
    await until(async () => {
      const [row] = await database.query<{ count: number }>(
        "select count(*) from realtime.subscription",
      );
      return row!.count === 0;
    }, "empty subscription table");
  });
});

Deno.test("Realtime reads changes after a delay: a row that is gone by then is never sent", async () => {
  await using stack = await startRealtime({ pollMs: 50 });
  await using socket = await openRawSocket(stack.url, { apikey: stack.publishableKey });
  const changes = [{ event: "*", schema: "public", table: "files" }];
  await join(socket, "x", { token: await mintToken(user1), changes });
  await stack.database.execute(`${insert(user1, "short.txt")}; update files set progress = 1`);
  await stack.database.execute(`delete from files; ${insert(user1, "long.txt")}`);
  const types = [read(await socket.next()).data, read(await socket.next()).data];
  assert.deepEqual(
    types.map(({ type, record }) => [type, record?.filename]),
    [["DELETE", undefined], ["INSERT", "long.txt"]],
  );
});

Deno.test("Realtime channels and sockets", async (t) => {
  await using stack = await startRealtime({ maxChannelsPerSocket: 3 });
  const { database, url, publishableKey: apikey } = stack;
  const token = await mintToken(user1);
  const open = (key: string = apikey) => openRawSocket(url, { apikey: key });
  const changes = [{ event: "INSERT", schema: "public", table: "files" }];
  await database.execute(`
    create policy "read own" on realtime.messages for select to authenticated
      using (realtime.topic() = 'user:' || (select auth.uid()));
    create policy "write own" on realtime.messages for insert to authenticated
      with check (realtime.topic() = 'user:' || (select auth.uid()) and (select auth.jwt()) ->> 'aal' = 'aal2')
  `);

  await t.step("refuses a bad API key after a while, with a real server's answer", async () => {
    const began = performance.now();
    const { hostname, port } = new URL(url);
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const request = ["GET /realtime/v1/websocket?apikey=bad HTTP/1.1", `Host: ${hostname}`]
      .concat("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
      .concat("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "").join("\r\n");
    await connection.write(new TextEncoder().encode(request));
    const buffer = new Uint8Array(4096);
    const answer = new TextDecoder().decode(buffer.subarray(0, (await connection.read(buffer))!));
    assert.match(answer, /^HTTP\/1.1 401 /);
    assert.match(answer, /{"error":"The token provided is not a valid JWT"}$/);
    assert.ok(performance.now() - began >= 29);
  });

  await t.step("blocks the whole socket while a join is refused", async () => {
    await using socket = await open();
    await join(socket, "good", { token, changes });
    let isRefused = false;
    const payload = { config: {}, access_token: "not-a-jwt" };
    socket.send(JSON.stringify(["1", "1", "realtime:bad", "phx_join", payload]));
    const events: string[] = [];
    const listening = (async () => {
      while (!isRefused) {
        const frame = JSON.parse(await socket.next() as string);
        events.push(frame[3]);
        isRefused = frame[3] === "phx_reply";
      }
    })();
    let written = 0;
    for (; !isRefused; written++) await database.execute(insert(user1));
    await listening;
    const before = events.length - 1;
    const after = (await socket.rest()).length;
    assert.equal(before + after, written, "nothing is lost");
    assert.ok(after > before, `${before} of ${written} changes came before the refusal`);
  });

  await t.step("answers an API key in the token's place as anon", async () => {
    await using socket = await open();
    const { status } = await join(socket, "x", { token: apikey, changes });
    assert.equal(status, "ok");
    await database.execute(insert(user1));
    await delivered(database);
    assert.deepEqual(await socket.rest(), [], "anon sees no rows");
  });

  await t.step("allows so many channels on a socket and no more", async () => {
    await using socket = await open();
    for (const topic of ["1", "2", "3"]) {
      assert.equal((await join(socket, topic, { token })).status, "ok");
    }
    assert.deepEqual((await join(socket, "4", { token })).response, {
      reason: "ChannelRateLimitReached: Too many channels",
    });
    assert.equal((await join(socket, "3", { token })).status, "ok", "a rejoin is none more");
  });

  await t.step("closes a channel whose new token is bad, with the reason", async () => {
    await using socket = await open();
    await join(socket, "x", { token });
    const expired = await mintToken(user1, { seconds: -5 });
    socket.send(
      JSON.stringify(["1", "2", "realtime:x", "access_token", { access_token: expired }]),
    );
    assert.equal(read(await socket.next()).message, "Token has expired 5 seconds ago");
    assert.equal(JSON.parse(await socket.next() as string)[3], "phx_close");
    assert.deepEqual(await socket.rest(), []);
  });

  await t.step("sends a client's broadcast where the policies allow it, to others", async () => {
    await using sockets = new AsyncDisposableStack();
    const [sender, receiver, outsider] = [await open(), await open(), await open()]
      .map((socket) => sockets.use(socket)) as [RawSocket, RawSocket, RawSocket];
    const send = (event: string) =>
      sender.send(JSON.stringify([
        "1",
        "5",
        `realtime:user:${user1}`,
        "broadcast",
        { type: "broadcast", event, payload: { n: 1 } },
      ]));
    const topic = `user:${user1}`;
    await join(receiver, topic, { token, private: true });
    await join(outsider, topic, { token: await mintToken(user2), private: false });
    await join(sender, topic, { token, private: true });
    send("forbidden");
    await sender.rest();
    await join(sender, topic, { token: await mintToken(user1, { aal: "aal2" }), private: true });
    await sender.rest();
    send("allowed");
    await sender.rest();
    const frames = await receiver.rest();
    assert.equal(frames.length, 1);
    assert.match(new TextDecoder().decode(frames[0] as ArrayBuffer), /allowed.*{"n":1}$/);
    assert.deepEqual(await outsider.rest(), [], "a public channel of the same name is another");
  });

  await t.step("drops, refuses and comes back on demand", async () => {
    const dropped = await open();
    stack.realtime.fault({ fault: "drop" });
    assert.notEqual(await dropped.closed, 1000, "1000 would tell clients not to come back");
    const again = await open();
    stack.realtime.fault({ fault: "down" });
    await again.closed;
    await assert.rejects(open());
    assert.deepEqual(stack.realtime.counts(), { sockets: 0, channels: 0 });
    stack.realtime.fault({ fault: "up" });
    await (await open()).close();
  });

  await t.step("deaf: changes are lost without a word, and a rejoin heals", async () => {
    await using socket = await open();
    await join(socket, "x", { token, changes });
    stack.realtime.fault({ fault: "deaf" });
    await database.execute(insert(user1, "lost.txt"));
    await delivered(database);
    assert.deepEqual(await socket.rest(), []);
    await join(socket, "x", { token, changes });
    await socket.rest();
    await database.execute(insert(user1, "heard.txt"));
    await delivered(database);
    assert.deepEqual(await filenames(socket), ["heard.txt"]);
  });

  await t.step("deaf until up: nothing but up heals", async () => {
    await using socket = await open();
    stack.realtime.fault({ fault: "deaf", until: "up" });
    await join(socket, "x", { token, changes });
    await database.execute(insert(user1, "lost.txt"));
    await delivered(database);
    assert.deepEqual(await socket.rest(), []);
    stack.realtime.fault({ fault: "up" });
    await database.execute(insert(user1, "heard.txt"));
    await delivered(database);
    assert.deepEqual(await filenames(socket), ["heard.txt"]);
  });

  await t.step("ignores what is not JSON; JSON that is no message closes its socket", async () => {
    const [bad, good] = [await open(), await open()];
    bad.send("nonsense");
    assert.deepEqual(await bad.rest(), []);
    bad.send('["no","message"]');
    await deadline(bad.closed, "close");
    assert.deepEqual(await good.rest(), []);
    await good.close();
  });

  await t.step("answers a message to a topic that is not joined", async () => {
    await using socket = await open();
    socket.send(JSON.stringify(["1", "1", "realtime:x", "broadcast", {}]));
    const [joinRef, ref, , , { response }] = JSON.parse(await socket.next() as string);
    assert.deepEqual([joinRef, ref, response], [null, "1", { reason: "unmatched topic" }]);
  });

  await t.step("answers a client that tracks its presence", async () => {
    await using socket = await open();
    await join(socket, "x", { token });
    const track = { type: "presence", event: "track", payload: {} };
    socket.send(JSON.stringify(["1", "7", "realtime:x", "presence", track]));
    const [joinRef, ref, , event, { status }] = JSON.parse(await socket.next() as string);
    assert.deepEqual([joinRef, ref, event, status], ["1", "7", "phx_reply", "ok"]);
  });
});

Deno.test("Realtime closes a socket that is silent for too long", async () => {
  await using stack = await startRealtime({ idleMs: 60 });
  const socket = await openRawSocket(stack.url, { apikey: stack.publishableKey });
  const began = performance.now();
  for (let beat = 0; beat < 5; beat++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    await socket.rest();
  }
  assert.equal(await socket.closed, 1000);
  assert.ok(performance.now() - began >= 150, "heartbeats keep it open");
});

Deno.test("Realtime lets a burst of joins pass, and then drops sockets that join", async () => {
  await using stack = await startRealtime({ maxJoinsPerSecond: 2, rateReadMs: 1_000 });
  const token = await mintToken(user1);
  const open = () => openRawSocket(stack.url, { apikey: stack.publishableKey });
  await using burst = await open();
  for (let topic = 0; topic < 10; topic++) {
    assert.equal((await join(burst, `${topic}`, { token })).status, "ok");
  }
  await until(async () => {
    const socket = await open();
    const { status, response } = await join(socket, "late", { token });
    if (status === "ok") {
      await socket.close();
      return false;
    }
    assert.equal(response.reason, "ClientJoinRateLimitReached: Too many joins per second");
    await deadline(socket.closed, "close");
    return true;
  }, "a refusal");
});

/** A private channel of user 1 that hears what {@linkcode tell} sends. */
async function joinBroadcasts(socket: RawSocket) {
  const token = await mintToken(user1);
  const config = { private: true, broadcast: { replication_ready: true } };
  return await join(socket, "told", { token, ...config });
}

const policy = `create policy "read" on realtime.messages for select to authenticated using (true)`;
const tell = ({ database }: Stack, event: string) =>
  database.query("select realtime.send('{}', $1, 'told', true)", [event]);

/** The events of broadcasts that come before the answer to a heartbeat. */
async function told(socket: RawSocket): Promise<string[]> {
  return (await socket.rest()).filter((frame) => frame instanceof ArrayBuffer).map((frame) => {
    const [, topic, event] = new Uint8Array(frame);
    return new TextDecoder().decode(frame.slice(5 + topic!, 5 + topic! + event!));
  });
}

/** Sends again and again until it arrives; what was lost before never comes. */
async function toldAtLast(stack: Stack, socket: RawSocket, event: string): Promise<string[]> {
  const events: string[] = [];
  await until(async () => {
    await tell(stack, event);
    await delivered(stack.database);
    events.push(...await told(socket));
    return events.length > 0;
  }, "a message that arrives");
  return [...new Set(events)];
}

Deno.test("Realtime drops all messages above the limit, also those of others, and says nothing", async () => {
  const lines: string[] = [];
  await using stack = await startStack({
    withFunction: false,
    scripts: recordedSchema,
    realtime: { maxMessagesPerSecond: 5, rateReadMs: 200, rateReadings: 10 },
    log: (line) => lines.push(line),
  });
  await stack.database.execute(policy);
  const open = () => openRawSocket(stack.url, { apikey: stack.publishableKey });
  await using sockets = new AsyncDisposableStack();
  const [noisy, quiet] = [sockets.use(await open()), sockets.use(await open())];
  await joinBroadcasts(noisy);
  await join(quiet, "x", {
    token: await mintToken(user1),
    changes: [{ event: "*", schema: "public", table: "files" }],
  });
  await stack.database.query(
    "select realtime.send('{}', 'burst', 'told', true) from generate_series(1, 20)",
  );
  await delivered(stack.database);
  assert.equal((await told(noisy)).length, 20, "a burst passes");
  await until(async () => {
    await stack.database.execute(insert(user1, "lost.txt"));
    await delivered(stack.database);
    return (await quiet.rest()).length === 0;
  }, "a change that is dropped");
  assert.deepEqual(lines, [
    "Realtime: above 5 messages a second, averaged over up to 2 s: all are dropped for a while",
  ]);
  assert.deepEqual(await toldAtLast(stack, noisy, "after"), ["after"]);
});

Deno.test("Realtime's fault limit drops all messages for a while", async () => {
  await using stack = await startRealtime({ limitMs: 2_000 });
  await stack.database.execute(policy);
  await using socket = await openRawSocket(stack.url, { apikey: stack.publishableKey });
  await joinBroadcasts(socket);
  await socket.rest();
  stack.realtime.fault({ fault: "limit" });
  await tell(stack, "lost");
  assert.deepEqual(await toldAtLast(stack, socket, "heard"), ["heard"]);
  stack.realtime.fault({ fault: "limit" });
  stack.realtime.fault({ fault: "up" });
  await tell(stack, "up");
  await delivered(stack.database);
  assert.deepEqual(await told(socket), ["up"]);
});

Deno.test("Realtime's fault walsender loses what is written, and heals without a word", async (t) => {
  await using stack = await startRealtime({ walsenderMs: 2_000 });
  await stack.database.execute(policy);
  const token = await mintToken(user1);
  const changes = [{ event: "INSERT", schema: "public", table: "files" }];
  await using socket = await openRawSocket(stack.url, { apikey: stack.publishableKey });
  await joinBroadcasts(socket);
  await join(socket, "x", { token, changes });
  await socket.rest();
  stack.realtime.fault({ fault: "walsender" });
  await tell(stack, "lost");
  await stack.database.execute(insert(user1, "lost.txt"));
  await delivered(stack.database);
  const frames = await socket.rest();
  if (frames.length > 0) assert.fail(`came all the same: ${frames}`);
  await t.step("what a client sends arrives meanwhile", async () => {
    await using sender = await openRawSocket(stack.url, { apikey: stack.publishableKey });
    await using receiver = await openRawSocket(stack.url, { apikey: stack.publishableKey });
    await join(sender, "open", { token });
    await join(receiver, "open", { token });
    stack.realtime.fault({ fault: "walsender" });
    const message = { type: "broadcast", event: "said", payload: {} };
    sender.send(JSON.stringify(["1", "5", "realtime:open", "broadcast", message]));
    await sender.rest();
    assert.deepEqual(await told(receiver), ["said"]);
  });
  assert.deepEqual(await toldAtLast(stack, socket, "heard"), ["heard"]);
  await stack.database.execute(insert(user1, "heard.txt"));
  await delivered(stack.database);
  assert.deepEqual(await filenames(socket), ["heard.txt"]);
});

Deno.test("Realtime that starts cold answers late, and loses what is written before it confirms", async (t) => {
  const coldStart = { replyMs: 50, broadcastMs: 1_500, confirmMs: 1_700, subscribeMs: 2_000 };
  await using stack = await startRealtime({ coldStart, startsCold: true });
  await stack.database.execute(policy);
  const token = await mintToken(user1);
  const changes = [{ event: "INSERT", schema: "public", table: "files" }];
  const open = () => openRawSocket(stack.url, { apikey: stack.publishableKey });
  const dropped = await open();

  async function isCold() {
    await using socket = await open();
    const config = { private: true, broadcast: { replication_ready: true } };
    const payload = { config: { ...config, postgres_changes: changes }, access_token: token };
    const began = performance.now();
    socket.send(JSON.stringify(["1", "1", "realtime:told", "phx_join", payload]));
    assert.equal(JSON.parse(await socket.next() as string)[3], "phx_reply");
    const repliedAfter = performance.now() - began;
    await tell(stack, "lost");
    await stack.database.execute(insert(user1, "lost.txt"));
    const texts = async () =>
      (await socket.rest()).map((frame) =>
        typeof frame === "string" ? frame : new TextDecoder().decode(frame)
      );
    const frames: string[] = [];
    await until(async () => {
      frames.push(...await texts());
      return frames.some((frame) => frame.includes("Subscribed to PostgreSQL"));
    }, "a subscription");
    assert.ok(performance.now() - began >= coldStart.subscribeMs - 1);
    assert.ok(repliedAfter >= coldStart.replyMs - 1);
    const confirmed = frames.findIndex((frame) => frame.includes("Replication connection"));
    assert.ok(confirmed >= 0, "confirmed before it is subscribed");
    assert.ok(!frames.some((frame) => frame.includes("lost")), `lost in ${frames}`);
    await tell(stack, "heard");
    await stack.database.execute(insert(user1, "heard.txt"));
    await delivered(stack.database);
    assert.equal((await texts()).filter((frame) => frame.includes("heard")).length, 2);
  }

  await t.step("at its start", isCold);
  await t.step("not once it is warm", async () => {
    await using socket = await open();
    await join(socket, "told", { token, private: true, broadcast: { replication_ready: true } });
    assert.match(read(await socket.next()).message, /Replication connection established/);
    await tell(stack, "heard");
    await delivered(stack.database);
    assert.deepEqual(await told(socket), ["heard"]);
  });
  await t.step("after the fault cold, which closes every socket", async () => {
    stack.realtime.fault({ fault: "cold" });
    await deadline(dropped.closed, "close");
    await isCold();
  });
});

Deno.test("Realtime reads 100 changes at a time: a long statement delays all others", async () => {
  await using stack = await startRealtime({ pollMs: 20 });
  const token = await mintToken(user1);
  await using socket = await openRawSocket(stack.url, { apikey: stack.publishableKey });
  await join(socket, "x", {
    token,
    changes: [{ event: "INSERT", schema: "public", table: "files", filter: "filename=eq.last" }],
  });
  await stack.database.execute(`insert into files (user_id, filename, file_type)
    select '${user2}', n, 'x' from generate_series(1, 250) n; ${insert(user1, "last")}`);
  const left = async () => {
    const [row] = await stack.database.query<{ count: number }>(
      "select count(*)::int from realtime.change_outbox",
    );
    return row!.count;
  };
  const counts = new Set([await left()]);
  await until(async () => {
    counts.add(await left());
    return counts.has(0);
  }, "an empty outbox");
  assert.deepEqual([...counts], [251, 151, 51, 0]);
  assert.deepEqual(await filenames(socket), ["last"]);
});

Deno.test("Realtime serves supabase-js, which recovers from a drop", async () => {
  await using stack = await startRealtime();
  const client = createClient(stack.url, stack.publishableKey, {
    accessToken: () => mintToken(user1),
    realtime: { reconnectAfterMs: () => 10, disconnectOnEmptyChannelsAfterMs: 0 },
  });
  await client.realtime.setAuth();
  const received: string[] = [];
  const statuses: string[] = [];
  let live = Promise.withResolvers<void>();
  const channel = client.channel("files")
    .on(
      "postgres_changes",
      { event: "*", schema: "public", table: "files", filter: `user_id=eq.${user1}` },
      ({ new: record }) => received.push((record as { filename: string }).filename),
    )
    .on("system", {}, ({ status }: { status: string }) => status === "ok" && live.resolve())
    .subscribe((status) => statuses.push(status));
  await deadline(live.promise, "subscription");
  await stack.database.execute(`${insert(user2, "foreign.txt")}; ${insert(user1, "first.txt")}`);
  await until(() => received.length === 1, "first change");

  live = Promise.withResolvers();
  stack.realtime.fault({ fault: "drop" });
  await deadline(live.promise, "second subscription");
  await stack.database.execute(insert(user1, "second.txt"));
  await until(() => received.length === 2, "second change");
  assert.deepEqual(received, ["first.txt", "second.txt"]);
  assert.deepEqual(statuses, ["SUBSCRIBED", "CHANNEL_ERROR", "SUBSCRIBED"]);

  await client.removeChannel(channel);
  await until(() => stack.realtime.counts().sockets === 0, "closed socket");
});
