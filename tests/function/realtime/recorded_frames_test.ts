import assert from "node:assert/strict";
import { broadcastSource } from "../../../supabase/functions/file-events/realtime/broadcast_source.ts";
import type { ChannelSource } from "../../../supabase/functions/file-events/realtime/channel_source.ts";
import { postgresChangesSource } from "../../../supabase/functions/file-events/realtime/postgres_changes_source.ts";
import { createRealtimeFeed } from "../../../supabase/functions/file-events/realtime/realtime_feed.ts";
import { createSocketPool } from "../../../supabase/functions/file-events/realtime/socket_pool.ts";
import type { FeedMessage } from "../../../supabase/functions/file-events/stream/file_feed.ts";
import { USER_ID } from "../../support/access_tokens.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { recordedFrames } from "../../support/recording.ts";
import { FakeWebSocket } from "./fake_web_socket.ts";

/** `[join_ref, ref, topic, event, payload]`. */
type Parts = [string | null, string | null, string, string, unknown];

/**
 * Plays a recorded socket again: the feed in the place of its client, and the server's frames as they
 * were. Whenever the recorded client sent something, the feed must send the same.
 */
async function play(scenario: string, { socket = 1, source }: Play) {
  const frames = recordedFrames(scenario).filter((frame) => frame.socket === socket)
    .map(({ dir, content }) => ({ dir, content: asVersion2(content) }));
  const joins = frames.filter(({ dir }) => dir === "OUT").map(({ content }) => parse(content));
  const [, , topic, , payload] = joins[0]!;
  const { config } = payload as { config: unknown };
  const clock = new FakeClock();
  const controller = new AbortController();
  const fake = new FakeWebSocket();
  const logged: string[] = [];
  const messages: FeedMessage[] = [];
  const options = {
    clock,
    random: () => 0.5,
    log: (_level: string, event: string, { reason }: { reason?: unknown } = {}) =>
      void logged.push(`${event}: ${reason}`),
  };
  const sockets = createSocketPool({ ...options, createWebSocket: () => fake.webSocket });
  const recorded = { ...source, topic: () => topic.replace("realtime:", ""), config: () => config };
  const feed = createRealtimeFeed(recorded, { ...options, sockets });
  const caller = { userId: USER_ID, token: "<JWT>", expiresAt: 0, rights: "" };
  const { signal } = controller;
  const subscription = feed(caller, (message) => void messages.push(message), { signal });
  fake.open();

  /** The feed's own references, by those of the recording. */
  const refs = new Map<string | null, string | null>([[null, null]]);
  const sent: unknown[] = [];
  const expected: unknown[] = [];
  for (const { dir, content } of frames) {
    if (dir === "IN") {
      fake.deliver(typeof content === "string" ? withRefs(content, refs) : content);
      continue;
    }
    const [joinRef, ref, ...rest] = parse(content);
    // The feed joins again with a new token.
    if (rest[1] === "access_token") continue;
    if (rest[1] === "phx_join" && refs.size > 1) subscription.rejoin();
    if (rest[1] === "heartbeat") await clock.advance(25_000);
    if (rest[1] === "phx_leave") controller.abort();
    const [ownJoinRef, ownRef, ...ownRest] = parse(fake.sent.at(-1)!);
    refs.set(joinRef, ownJoinRef).set(ref, ownRef);
    assert.equal(ownJoinRef === null, joinRef === null);
    sent.push(ownRest);
    expected.push(rest);
  }
  assert.deepEqual(sent, expected);
  return { messages, kinds: messages.map(({ kind }) => kind).join(), logged: logged.join(), fake };
}

interface Play {
  readonly socket?: number;
  readonly source: ChannelSource;
}

const parse = (content: string | ArrayBuffer) => JSON.parse(content as string) as Parts;

function withRefs(content: string, refs: Map<string | null, string | null>): string {
  const [joinRef, ref, ...rest] = parse(content);
  return JSON.stringify([refs.get(joinRef), refs.get(ref), ...rest]);
}

/** Some of the recorded clients spoke version 1.0.0. */
function asVersion2(content: string | ArrayBuffer): string | ArrayBuffer {
  if (typeof content !== "string" || !content.startsWith("{")) return content;
  const { join_ref, ref, topic, event, payload } = JSON.parse(content);
  return JSON.stringify([join_ref ?? ref, ref, topic, event, payload]);
}

/** The `config` of the join of a scenario's first socket. */
function recordedConfig(scenario: string): unknown {
  const join = recordedFrames(scenario).find(({ socket }) => socket === 1);
  return (parse(join!.content)[4] as { config: unknown }).config;
}

const inserts = { source: postgresChangesSource };

Deno.test("both sources join as the recorded clients did", () => {
  assert.deepEqual(
    postgresChangesSource.config(USER_ID),
    recordedConfig("tombstones_and_send"),
  );
  assert.deepEqual(broadcastSource.config(USER_ID), recordedConfig("broadcast_from_database"));
});

Deno.test("a recorded life of a channel: rows that lack columns are hints, and nothing follows the leave", async () => {
  const { kinds, logged } = await play("postgres_changes_lifecycle", inserts);
  assert.equal(kinds, "live,hint,hint");
  assert.equal(logged, "");
});

Deno.test("a recorded DELETE is no message, not even one's own", async () => {
  const own = await play("replica_identity_full", { ...inserts, socket: 1 });
  assert.equal(own.kinds, "live,hint,hint");
  const other = await play("replica_identity_full", { ...inserts, socket: 2 });
  assert.equal(other.kinds, "live");
});

const refusals = {
  join_expired: "InvalidJWTToken: Token has expired 10 seconds ago",
  join_wrong_secret: "JwtSignatureError: Failed to validate JWT signature",
  join_no_role: "InvalidJWTToken: Fields `role` and `exp` are required in JWT",
};
for (const [scenario, reason] of Object.entries(refusals)) {
  Deno.test(`a recorded refusal (${scenario}) is a hint, and is logged`, async () => {
    const { kinds, logged } = await play(scenario, inserts);
    assert.equal(kinds, "hint");
    assert.equal(logged, `realtime channel lost: ${reason}`);
  });
}

Deno.test("a recorded end of a token takes the feed down, and the channel", async () => {
  const { kinds, logged, fake } = await play("token_expires", inserts);
  assert.equal(kinds, "live,down");
  assert.equal(logged, "realtime channel lost: channel closed");
  assert.equal(fake.isClosed, false);
});

Deno.test("a recorded second confirmation is told, because a gap lies before it", async () => {
  assert.equal((await play("token_refreshed", inserts)).kinds, "live,live");
});

Deno.test("a recorded close of the first join of a topic does not end the second", async () => {
  const { kinds, logged } = await play("same_topic_twice", inserts);
  assert.equal(kinds, "live,down,live");
  assert.equal(logged, "");
});

Deno.test("recorded binary broadcasts are read", async () => {
  const events: unknown[] = [];
  const source: ChannelSource = {
    ...broadcastSource,
    read(event, payload) {
      const { event: name, payload: { record } } = payload as {
        event: string;
        payload: { record: { progress: number } | null };
      };
      events.push([event, name, record?.progress]);
      return undefined;
    },
  };
  const { kinds } = await play("broadcast_from_database", { source });
  assert.equal(kinds, "live");
  assert.deepEqual(events, [
    ["broadcast", "INSERT", 0],
    ["broadcast", "UPDATE", 10],
    ["broadcast", "DELETE", undefined],
  ]);
});

Deno.test("a recorded refusal by the policies is a hint, and is logged", async () => {
  const { kinds, logged } = await play("broadcast_from_database", {
    source: broadcastSource,
    socket: 3,
  });
  assert.equal(kinds, "hint");
  assert.match(logged, /^realtime channel lost: Unauthorized: You do not have permissions/);
});

Deno.test("recorded rows with revisions are changes, and a recorded tombstone is a deletion", async () => {
  const { messages } = await play("tombstones_and_send", { ...inserts, socket: 1 });
  const [live, ...changes] = messages;
  assert.equal(live?.kind, "live");
  const seen = changes.map((message) => {
    assert.ok(message.kind === "change");
    const { change } = message;
    return [change.revision, change.changedIn, change.deleted || change.file.progress];
  });
  assert.deepEqual(seen, [[4, 26508n, 0], [5, 26510n, 5], [6, 26512n, true]]);
});

Deno.test("recorded broadcasts without a transaction are hints", async () => {
  const { kinds } = await play("tombstones_and_send", { source: broadcastSource, socket: 2 });
  assert.equal(kinds, "live,hint,hint,hint");
});
