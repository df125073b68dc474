import assert from "node:assert/strict";
import { decode, encode, encodeBroadcast } from "../../local/realtime/protocol.ts";
import { recordedFrames } from "../support/recording.ts";

Deno.test("encodeBroadcast() writes the bytes of a real server", () => {
  const binaries = recordedFrames("broadcast_from_database")
    .map(({ content }) => content).filter((content) => content instanceof ArrayBuffer);
  assert.equal(binaries.length, 3);
  for (const bytes of binaries) {
    const text = new TextDecoder().decode(bytes.slice(5));
    const [, topic, event, meta, payload] =
      /^(realtime:user:[-0-9a-f]+)([A-Z]+)(\{"id":"[-0-9a-f]+"\})(.*)$/.exec(text)!;
    const written = encodeBroadcast(
      { topic: topic!, event: event!, meta: meta!, payload: payload! },
      "2.0.0",
    );
    assert.deepEqual(written, new Uint8Array(bytes));
  }
});

Deno.test("encode() and decode() agree with the recorded frames of both versions", () => {
  for (const scenario of ["postgres_changes_lifecycle", "broadcast_replay"]) {
    const [join, reply] = recordedFrames(scenario).map(({ content }) => content as string);
    const version = join!.startsWith("[") ? "2.0.0" : "1.0.0";
    const { joinRef, ref, topic, event, payload } = decode(join!, version);
    assert.deepEqual({ joinRef, ref, event }, { joinRef: "1", ref: "1", event: "phx_join" });
    assert.ok("config" in payload);
    const parsed = JSON.parse(reply!);
    const text = JSON.stringify(version === "2.0.0" ? parsed[4] : parsed.payload);
    assert.equal(
      encode({ joinRef, ref, topic, event: "phx_reply", payload: text }, version),
      reply,
    );
  }
});

Deno.test("decode() throws for what is no frame", () => {
  for (const text of ["", "{}", "[]", "null", "[1,2,3]", "hello"]) {
    assert.throws(() => decode(text, "2.0.0"), /SyntaxError|TypeError/, text);
  }
  assert.throws(() => decode(new Uint8Array([9, 1, 2]).buffer, "2.0.0"), TypeError);
});
