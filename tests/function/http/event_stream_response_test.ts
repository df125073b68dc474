import assert from "node:assert/strict";
import { until } from "../../support/until.ts";
import { eventStreamResponse } from "../../../supabase/functions/file-events/http/event_stream_response.ts";

Deno.test("eventStreamResponse() sends retry before there is a message, in a block that the first one completes", async () => {
  const { readable, writable } = new TransformStream<{ id: string; data: string }>();
  const response = eventStreamResponse(readable, { retry: 2140 });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, ":\nretry: 2140\n");
  const writer = writable.getWriter();
  await writer.write({ id: "c.1", data: "first" });
  assert.equal((await reader.read()).value, "id: c.1\ndata: first\n\n");
  void writer.write({ id: "c.2", data: "second" });
  assert.equal((await reader.read()).value, "id: c.2\ndata: second\n\n");
  await reader.cancel();
});

Deno.test("eventStreamResponse() without a retry is the messages alone", async () => {
  const messages = ReadableStream.from([{ retry: 60_000, data: "closing" }]);
  assert.equal(await eventStreamResponse(messages).text(), "retry: 60000\ndata: closing\n\n");
});

Deno.test("eventStreamResponse() passes a client's leaving on before anything was sent or read", async () => {
  let cancelled = false;
  const messages = new ReadableStream({ cancel: () => void (cancelled = true) });
  await eventStreamResponse(messages, { retry: 2140 }).body?.cancel();
  await until(() => cancelled, "the messages to be cancelled");
});
