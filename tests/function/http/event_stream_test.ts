import assert from "node:assert/strict";
import { createEventStream } from "../../../supabase/functions/file-events/http/event_stream.ts";

Deno.test("createEventStream() sends retry before there is a message, in a block that the first one completes", async () => {
  const { response, writer } = createEventStream<{ id: string; data: string }>({ retry: 2140 });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, ":\nretry: 2140\n");
  void writer.write({ id: "c.1", data: "first" });
  assert.equal((await reader.read()).value, "id: c.1\ndata: first\n\n");
  void writer.write({ id: "c.2", data: "second" });
  assert.equal((await reader.read()).value, "id: c.2\ndata: second\n\n");
  await reader.cancel();
});

Deno.test("createEventStream() without a retry is the messages alone", async () => {
  const { response, writer } = createEventStream<{ retry: number; data: string }>();
  void writer.write({ retry: 60_000, data: "closing" });
  void writer.close();
  assert.equal(await response.text(), "retry: 60000\ndata: closing\n\n");
});

Deno.test("createEventStream() passes a client's leaving on before anything was sent or read", async () => {
  const { response, writer } = createEventStream({ retry: 2140 });
  const left = assert.rejects(writer.closed);
  await response.body?.cancel("gone");
  await left;
});

Deno.test("createEventStream() passes a client's leaving on while messages wait for it", async () => {
  const { response, writer } = createEventStream<{ data: string }>({ retry: 2140 });
  const written = Promise.allSettled([writer.write({ data: "1" }), writer.write({ data: "2" })]);
  const left = assert.rejects(writer.closed);
  await response.body?.cancel("gone");
  await left;
  assert.deepEqual((await written).map(({ status }) => status), ["rejected", "rejected"]);
});
