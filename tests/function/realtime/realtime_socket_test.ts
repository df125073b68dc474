import assert from "node:assert/strict";
import type { ChannelLoss } from "../../../supabase/functions/file-events/realtime/channel_loss.ts";
import { RealtimeSocket } from "../../../supabase/functions/file-events/realtime/realtime_socket.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeWebSocket } from "./fake_web_socket.ts";

function openSocket() {
  const clock = new FakeClock();
  const fake = new FakeWebSocket();
  const reports: string[] = [];
  const logged: string[] = [];
  const socket = new RealtimeSocket(fake.webSocket, {
    clock,
    log: (level, event) => void logged.push(`${level}: ${event}`),
    onOpen() {},
    onReady() {},
    onEnd: (cause) => void reports.push(cause),
  });
  fake.open();

  /** Joins a topic. What becomes of it is reported with the topic. */
  function join(topic: string, { onLoss = (_loss: ChannelLoss) => {} } = {}) {
    const report = (what: string) => void reports.push(`${topic}: ${what}`);
    return socket.join({
      topic,
      join: { config: {}, access_token: "token" },
      wasRefused: false,
      listener: {
        onJoined: () => report("joined"),
        onMessage: (event) => report(event),
        onLoss(loss) {
          report(loss.kind);
          onLoss(loss);
        },
      },
    });
  }
  const deliver = (...parts: unknown[]) => fake.deliver(JSON.stringify(parts));
  const accept = (topic: string, ref: string) =>
    deliver(ref, ref, `realtime:${topic}`, "phx_reply", { status: "ok", response: {} });
  return { clock, fake, reports, logged, socket, join, deliver, accept };
}

Deno.test("RealtimeSocket passes a message to the channel of its topic", () => {
  const { reports, join, accept, deliver } = openSocket();
  for (const topic of ["a", "b"]) join(topic);
  accept("a", "1");
  accept("b", "2");
  deliver(null, null, "realtime:b", "broadcast", {});
  assert.deepEqual(reports, ["a: joined", "b: joined", "b: broadcast"]);
});

Deno.test("RealtimeSocket passes on no message before the answer to the join", () => {
  const { reports, join, accept, deliver } = openSocket();
  join("a");
  deliver(null, null, "realtime:a", "broadcast", {});
  accept("a", "1");
  assert.deepEqual(reports, ["a: joined"]);
});

Deno.test("RealtimeSocket ignores the late frames of a channel that was left", () => {
  const { reports, socket, join, accept, deliver } = openSocket();
  const first = join("a");
  accept("a", "1");
  socket.leave(first);
  join("a");
  for (const event of ["phx_close", "phx_error", "system"]) {
    deliver("1", "1", "realtime:a", event, {});
  }
  accept("a", "1");
  assert.deepEqual(reports, ["a: joined"]);
  accept("a", "3");
  socket.leave(first);
  deliver("3", null, "realtime:a", "system", {});
  assert.deepEqual(reports, ["a: joined", "a: joined", "a: system"]);
});

Deno.test("RealtimeSocket takes no answer to a leave for one to the next join of the topic", () => {
  const { reports, socket, join, accept, deliver } = openSocket();
  socket.leave(join("a"));
  join("a");
  const response = { reason: "unmatched topic" };
  deliver(null, "2", "realtime:a", "phx_reply", { status: "error", response });
  assert.deepEqual(reports, []);
  accept("a", "3");
  assert.deepEqual(reports, ["a: joined"]);
});

Deno.test("RealtimeSocket is stalled while a join has had no answer for a second", async () => {
  const { clock, socket, join, accept } = openSocket();
  join("a");
  await clock.advance(1_000);
  assert.equal(socket.isStalled, false);
  await clock.advance(1);
  assert.equal(socket.isStalled, true);
  accept("a", "1");
  assert.equal(socket.isStalled, false);
});

Deno.test("RealtimeSocket takes no more channels once it has given up a join", async () => {
  const { clock, socket, join, accept } = openSocket();
  join("a");
  accept("a", "1");
  join("b");
  await clock.advance(10_000);
  assert.deepEqual([socket.room, socket.isReady], [0, false]);
});

Deno.test("RealtimeSocket ignores answers that it does not wait for, and unknown topics", () => {
  const { fake, reports, logged, join, accept, deliver } = openSocket();
  join("a");
  accept("a", "1");
  accept("a", "1");
  deliver("1", "7", "realtime:a", "phx_reply", { status: "error", response: {} });
  deliver(null, "9", "phoenix", "phx_reply", { status: "ok", response: {} });
  for (let n = 0; n < 10_000; n++) deliver(null, null, `realtime:${n}`, "broadcast", {});
  assert.deepEqual([reports, logged], [["a: joined"], []]);
  assert.equal(fake.isClosed, false);
});

Deno.test("RealtimeSocket takes an answer that makes no sense for a refusal", () => {
  const { reports, join, deliver } = openSocket();
  join("a");
  deliver("1", "1", "realtime:a", "phx_reply", null);
  join("a");
  deliver("2", "2", "realtime:a", "phx_reply", { status: "error", response: "no" });
  assert.deepEqual(reports, ["a: refusal", "a: refusal"]);
});

Deno.test("RealtimeSocket tells every channel that it was lost, although a listener throws", () => {
  const { fake, reports, logged, join } = openSocket();
  join("a", {
    onLoss() {
      throw new Error("broken");
    },
  });
  join("b");
  fake.lose();
  assert.deepEqual(reports, ["lost", "a: socket", "b: socket"]);
  assert.deepEqual(logged, ["error: unhandled error"]);
});

Deno.test("RealtimeSocket gives up all joins in time, although a listener throws", async () => {
  const { clock, reports, join } = openSocket();
  for (const topic of ["a", "b"]) {
    join(topic, {
      onLoss() {
        throw new Error("broken");
      },
    });
  }
  await clock.advance(10_000);
  assert.deepEqual(reports, ["a: failure", "b: failure"]);
});

Deno.test("RealtimeSocket leaves no timer behind when it is lost", async () => {
  const { clock, fake, join } = openSocket();
  join("a");
  await clock.advance(1_000);
  fake.lose();
  assert.equal(clock.pending, 0);
});

Deno.test("RealtimeSocket gives up each join after its own 10 s", async () => {
  const { clock, reports, join } = openSocket();
  join("a");
  await clock.advance(4_000);
  join("b");
  await clock.advance(6_000);
  assert.deepEqual(reports, ["a: failure"]);
  await clock.advance(4_000);
  assert.deepEqual(reports, ["a: failure", "b: failure"]);
});

Deno.test("RealtimeSocket takes no more channels once it is retired with some", () => {
  const { socket, join, accept } = openSocket();
  socket.retire();
  assert.equal(socket.room, 100);
  join("a");
  accept("a", "1");
  assert.equal(socket.isReady, true);
  socket.retire();
  assert.deepEqual([socket.room, socket.isReady], [0, false]);
});
