import assert from "node:assert/strict";
import {
  decodeFrame,
  encodeFrame,
} from "../../../supabase/functions/file-events/realtime/frame.ts";
import { recordedFrames } from "../../support/recording.ts";

/** What a server sent to a socket of the recording of a broadcast. */
function received(socket: number): (string | ArrayBuffer)[] {
  return recordedFrames("broadcast_from_database")
    .filter((frame) => frame.socket === socket && frame.dir === "IN")
    .map(({ content }) => content);
}

/** A binary frame with lengths that may lie. */
function binary(header: number[], ...texts: string[]): ArrayBuffer {
  const bytes = texts.map((text) => [...new TextEncoder().encode(text)]);
  return Uint8Array.from([...header, ...bytes.flat()]).buffer;
}

Deno.test("encodeFrame() writes what supabase-js writes", () => {
  const [join] = recordedFrames("postgres_changes_lifecycle");
  const [joinRef, ref, topic, event, payload] = JSON.parse(join!.content as string);
  assert.equal(encodeFrame({ joinRef, ref, topic, event, payload }), join!.content);
});

Deno.test("decodeFrame() reads a text frame", () => {
  assert.deepEqual(decodeFrame('["1","2","realtime:a","phx_reply",{"status":"ok"}]'), {
    joinRef: "1",
    ref: "2",
    topic: "realtime:a",
    event: "phx_reply",
    payload: { status: "ok" },
  });
});

Deno.test("decodeFrame() reads from a recorded binary broadcast what the same broadcast says as text", () => {
  const binaries = received(1).filter((content) => typeof content !== "string");
  const texts = received(2).map((content) => JSON.parse(content as string))
    .filter((frame) => frame.event === "broadcast");
  assert.equal(binaries.length, 3);
  assert.deepEqual(
    binaries.map(decodeFrame),
    texts.map(({ topic, payload: { event, payload } }) => (
      { joinRef: null, ref: null, topic, event: "broadcast", payload: { event, payload } }
    )),
  );
});

Deno.test("decodeFrame() counts lengths in bytes", () => {
  const frame = binary([4, 2, 4, 4, 1], "é", "🦊", "{é}", '{"ü":1}');
  const payload = { event: "🦊", payload: { ü: 1 } };
  assert.deepEqual(decodeFrame(frame), {
    joinRef: null,
    ref: null,
    topic: "é",
    event: "broadcast",
    payload,
  });
});

Deno.test("decodeFrame() takes no broadcast for a message of the server, whatever its name", () => {
  for (const name of ["phx_close", "phx_reply", "system", "postgres_changes"]) {
    const frame = decodeFrame(binary([4, 1, name.length, 0, 1], "t", name, "{}"));
    assert.equal(frame?.event, "broadcast");
  }
});

const UNREADABLE: [name: string, data: unknown][] = [
  ["an empty text", ""],
  ["a text that is not JSON", "hello"],
  ["a text that ends too early", '["1","1","realtime:a","phx_reply",{'],
  ["an object, as in version 1.0.0", '{"topic":"a","event":"b"}'],
  ["null", "null"],
  ["an array that is too short", '["1","1","realtime:a"]'],
  ["a topic that is no text", '["1","1",{},"phx_reply",{}]'],
  ["an event that is no text", '["1","1","realtime:a",null,{}]'],
  ["no bytes", new ArrayBuffer(0)],
  ["a header only", binary([4, 1, 1, 0, 1])],
  ["lengths beyond the end", binary([4, 255, 255, 255, 1], "topic", "event", "{}")],
  ["a payload that is not JSON", binary([4, 1, 1, 0, 1], "t", "e", "{")],
  ["a payload of another encoding", binary([4, 1, 1, 0, 0], "t", "e", "{}")],
  ["a push", binary([0, 1, 1, 1, 1], "1", "t", "e", "{}")],
  ["an unknown kind", binary([200, 1, 1, 0, 1], "t", "e", "{}")],
  ["a blob", new Blob(["[]"])],
];
for (const [name, data] of UNREADABLE) {
  Deno.test(`decodeFrame() reads nothing from ${name}`, () => {
    assert.equal(decodeFrame(data), undefined);
  });
}
