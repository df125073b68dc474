import assert from "node:assert/strict";
import {
  type ServerSentEventMessage,
  ServerSentEventStream,
} from "../../../supabase/functions/file-events/http/server_sent_event_stream.ts";

function encode(...messages: ServerSentEventMessage[]): Promise<string> {
  const stream = ReadableStream.from(messages).pipeThrough(new ServerSentEventStream());
  return new Response(stream).text();
}

Deno.test("ServerSentEventStream encodes each field", async (t) => {
  const cases: [ServerSentEventMessage, string][] = [
    [{ data: "hello" }, "data: hello\n\n"],
    [{ data: "" }, "data: \n\n"],
    [{ id: "a.1", data: "hello" }, "id: a.1\ndata: hello\n\n"],
    [{ id: 7, data: "hello" }, "id: 7\ndata: hello\n\n"],
    [{ event: "note", data: "hello" }, "event: note\ndata: hello\n\n"],
    [{ retry: 0, id: "", event: "", data: "x" }, "event: \nretry: 0\nid: \ndata: x\n\n"],
    [{ comment: "hello", data: "x" }, ":hello\ndata: x\n\n"],
    [{ data: "first\nsecond" }, "data: first\ndata: second\n\n"],
    [{ data: '{"name":"\\"quoted\\" 🦊"}' }, 'data: {"name":"\\"quoted\\" 🦊"}\n\n'],
  ];
  for (const [message, expected] of cases) {
    await t.step(
      JSON.stringify(message),
      async () => assert.equal(await encode(message), expected),
    );
  }
});

Deno.test("ServerSentEventStream splits data and comments at every kind of line break", async () => {
  const text = "1\n2\r\n3\r4\n\n5";
  assert.equal(
    await encode({ comment: text, data: text }),
    ":1\n:2\n:3\n:4\n:\n:5\ndata: 1\ndata: 2\ndata: 3\ndata: 4\ndata: \ndata: 5\n\n",
  );
});

Deno.test("ServerSentEventStream ends no block that is no event, since some clients take it for one", async (t) => {
  const cases: [ServerSentEventMessage, string][] = [
    [{ retry: 2000 }, "retry: 2000\n"],
    [{ comment: "", retry: 2000 }, ":\nretry: 2000\n"],
    [{ id: "c.1" }, "id: c.1\n\n"],
    [{ event: "note" }, "event: note\n\n"],
  ];
  for (const [message, expected] of cases) {
    await t.step(
      JSON.stringify(message),
      async () => assert.equal(await encode(message, { data: "x" }), `${expected}data: x\n\n`),
    );
  }
});

Deno.test("ServerSentEventStream puts a message that another one follows into the other's chunk", async () => {
  const { readable, writable } = new ServerSentEventStream();
  const writer = writable.getWriter();
  for (const [data, moreFollows] of [["1", true], ["2", true], ["3", false], ["4", false]]) {
    void writer.write({ data, moreFollows } as ServerSentEventMessage);
  }
  void writer.close();
  const chunks = await Array.fromAsync(readable);
  assert.deepEqual(chunks.map((chunk) => new TextDecoder().decode(chunk)), [
    "data: 1\n\ndata: 2\n\ndata: 3\n\n",
    "data: 4\n\n",
  ]);
});

Deno.test("ServerSentEventStream loses no message if none follows although one should", async () => {
  const message: ServerSentEventMessage & { moreFollows: boolean } = {
    data: "1",
    moreFollows: true,
  };
  assert.equal(await encode(message), "data: 1\n\n");
});

Deno.test("ServerSentEventStream keeps the order of messages", async () => {
  assert.equal(await encode({ data: "1" }, { data: "2" }), "data: 1\n\ndata: 2\n\n");
});

Deno.test("ServerSentEventStream fails with a SyntaxError on a line break in event or id", async (t) => {
  for (const line of ["a\nb", "a\rb", "a\r\nb"]) {
    for (const field of ["event", "id"]) {
      await t.step(`${field} ${JSON.stringify(line)}`, async () => {
        await assert.rejects(encode({ [field]: line, data: "x" }), SyntaxError);
      });
    }
  }
});
