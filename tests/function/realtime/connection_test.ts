import assert from "node:assert/strict";
import { Connection } from "../../../supabase/functions/file-events/realtime/connection.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeWebSocket } from "./fake_web_socket.ts";

function connect() {
  const clock = new FakeClock();
  const fake = new FakeWebSocket();
  const reports: string[] = [];
  const logged: unknown[] = [];
  const connection = new Connection(fake.webSocket, {
    clock,
    log: (level, event, fields) => void logged.push([level, event, fields]),
    onOpen: () => void reports.push("open"),
    onFrame: ({ event }) => void reports.push(event),
    onLost: () => void reports.push("lost"),
  });
  return { clock, fake, reports, logged, connection };
}

const HEARTBEAT = '[null,"1","phoenix","heartbeat",{}]';

Deno.test("Connection asks for binary frames as bytes", () => {
  assert.equal(connect().fake.binaryType, "arraybuffer");
});

Deno.test("Connection reports that it is open, and then each frame", () => {
  const { fake, reports } = connect();
  fake.open();
  fake.deliver('[null,null,"a","one",{}]');
  fake.deliver('[null,null,"a","two",{}]');
  assert.deepEqual(reports, ["open", "one", "two"]);
});

Deno.test("Connection gives up after 10 s without an answer", async () => {
  const { clock, fake, reports } = connect();
  await clock.advance(9_999);
  assert.deepEqual(reports, []);
  await clock.advance(1);
  assert.deepEqual(reports, ["lost"]);
  assert.ok(fake.isClosed);
  assert.equal(clock.pending, 0);
});

for (const isOpen of [false, true]) {
  Deno.test(`Connection is lost once, by an error and a close (${isOpen ? "open" : "connecting"})`, () => {
    const { clock, fake, reports } = connect();
    if (isOpen) fake.open();
    fake.fail();
    assert.equal(reports.at(-1), "lost", "an error alone is enough");
    assert.ok(fake.isClosed);
    fake.lose();
    fake.deliver('[null,null,"a","late",{}]');
    assert.deepEqual(reports.slice(isOpen ? 1 : 0), ["lost"]);
    assert.equal(clock.pending, 0);
  });

  Deno.test(`Connection reports nothing once it was closed (${isOpen ? "open" : "connecting"})`, () => {
    const { clock, fake, reports, connection } = connect();
    if (isOpen) fake.open();
    connection.close();
    fake.fail();
    fake.lose();
    fake.open();
    assert.deepEqual(reports, isOpen ? ["open"] : []);
    assert.ok(fake.isClosed);
    assert.equal(clock.pending, 0);
  });
}

Deno.test("Connection sends a heartbeat every 25 s while the server answers", async () => {
  const { clock, fake, reports } = connect();
  fake.open();
  for (const beat of [1, 2, 3]) {
    await clock.advance(24_999);
    assert.equal(fake.sent.length, beat - 1);
    await clock.advance(1);
    assert.equal(fake.sent.length, beat);
    fake.deliver('[null,"1","phoenix","phx_reply",{"status":"ok","response":{}}]');
  }
  assert.equal(fake.sent[0], HEARTBEAT);
  assert.ok(!reports.includes("lost"));
});

Deno.test("Connection is lost when nothing has come since a heartbeat", async () => {
  const { clock, fake, reports } = connect();
  fake.open();
  await clock.advance(49_999);
  assert.deepEqual(reports, ["open"]);
  await clock.advance(1);
  assert.deepEqual(reports, ["open", "lost"]);
  assert.ok(fake.isClosed);
});

Deno.test("Connection sends nothing before it is open, or when the server is closing it", () => {
  const { fake, connection } = connect();
  const frame = { joinRef: null, ref: "1", topic: "a", event: "b", payload: {} };
  connection.send(frame);
  fake.open();
  fake.readyState = 2;
  connection.send(frame);
  assert.deepEqual(fake.sent, []);
});

Deno.test("Connection drops what it can't read, logs it without its content, and goes on", () => {
  const { fake, reports, logged } = connect();
  fake.open();
  fake.deliver("a secret that is not JSON");
  fake.deliver(new ArrayBuffer(3));
  fake.deliver('[null,null,"a","next",{}]');
  assert.deepEqual(reports, ["open", "next"]);
  assert.deepEqual(logged, [
    ["warn", "realtime frame not read", { code: "string" }],
    ["warn", "realtime frame not read", { code: "object" }],
  ]);
});
