import assert from "node:assert/strict";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import {
  type ServerSentEventMessage,
  ServerSentEventStream,
} from "../../supabase/functions/file-events/http/server_sent_event_stream.ts";

// What a client reads is the same whether the name `@std/http/server-sent-event-stream` is mapped to
// our module or to the standard library, although the bytes differ.

/** Messages, and the bytes that the standard library (1.0.25) writes for them. */
const MESSAGES: readonly [ServerSentEventMessage, string][] = [
  [{ data: "hello" }, "data:hello\n\n"],
  [{ data: "" }, "data:\n\n"],
  [{ data: "two\nlines" }, "data:two\ndata:lines\n\n"],
  [{ id: "c.1", data: '{"a":1}' }, 'data:{"a":1}\nid:c.1\n\n'],
  [{ retry: 2000, data: "x" }, "data:x\nretry:2000\n\n"],
  [{ comment: "c", event: "e", data: "x", id: 7 }, ":c\nevent:e\ndata:x\nid:7\n\n"],
];

function parse(text: string): unknown[] {
  const read: (EventSourceMessage | number)[] = [];
  const parser = createParser({
    onEvent: (event) => void read.push(event),
    onRetry: (retry) => void read.push(retry),
  });
  parser.feed(text);
  return read;
}

function encode(message: ServerSentEventMessage): Promise<string> {
  const stream = ReadableStream.from([message]).pipeThrough(new ServerSentEventStream());
  return new Response(stream).text();
}

Deno.test("ServerSentEventStream means the same to a parser as the standard library's", async (t) => {
  for (const [message, standard] of MESSAGES) {
    await t.step(JSON.stringify(message), async () => {
      const read = parse(await encode(message));
      assert.ok(read.length > 0);
      assert.deepEqual(read, parse(standard));
    });
  }
});

Deno.test("ServerSentEventStream keeps a space at the beginning of data", async () => {
  const [event] = parse(await encode({ data: " hello" }));
  assert.equal((event as EventSourceMessage).data, " hello");
});
