import assert from "node:assert/strict";
import { Backlog } from "../../../supabase/functions/file-events/stream/backlog.ts";
import { Outbox } from "../../../supabase/functions/file-events/stream/outbox.ts";
import { OutboxWriter } from "../../../supabase/functions/file-events/stream/outbox_writer.ts";
import type { StreamMessage } from "../../../supabase/functions/file-events/stream/stream_message.ts";
import { fileId, updated } from "../../support/example_change.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

/** An outbox that is written to a client which reads when the test says so. */
function createWritten() {
  const { readable, writable } = new TransformStream<StreamMessage, StreamMessage>();
  const outbox: Outbox = new Outbox(null, () => output.schedule(), new Backlog());
  const output = new OutboxWriter(outbox, writable.getWriter(), new FakeClock());
  const reader = readable.getReader();
  const put = (n: number, error_message: string | null = null) =>
    outbox.putChange(updated({ id: fileId(n), revision: n, error_message }));
  /** Reads a message: its revision, and `+` if another one follows. */
  async function read(): Promise<string> {
    const { value } = await reader.read();
    if (!value) return "end";
    const { eventType, file } = JSON.parse(value.data);
    return `${file?.revision ?? eventType}${value.moreFollows ? "+" : ""}`;
  }
  return { outbox, output, reader, put, read };
}

Deno.test("OutboxWriter marks each message that another one follows", async () => {
  const { put, read } = createWritten();
  for (const n of [1, 2, 3]) put(n);
  assert.deepEqual([await read(), await read(), await read()], ["1+", "2+", "3"]);
  put(4);
  assert.equal(await read(), "4");
});

Deno.test("OutboxWriter waits for the caller to return, so that a cursor reaches the last change", async () => {
  const { outbox, put, reader } = createWritten();
  put(1);
  outbox.advance("c1");
  assert.equal((await reader.read()).value?.id, "c1");
});

Deno.test("OutboxWriter ends a batch that is long enough", async () => {
  const { put, read } = createWritten();
  const long = "x".repeat(7_000);
  for (const n of [1, 2, 3, 4]) put(n, long);
  assert.deepEqual([await read(), await read(), await read(), await read()], [
    "1+",
    "2+",
    "3",
    "4",
  ]);
});

Deno.test("OutboxWriter leaves what waits in the outbox until the client has read", async () => {
  const { outbox, put, read } = createWritten();
  put(1);
  await settle();
  put(2);
  put(3);
  await settle();
  assert.deepEqual([outbox.fileCount, outbox.takenCount, outbox.readCount], [2, 1, 0]);
  await read();
  await settle();
  assert.deepEqual([outbox.fileCount, outbox.takenCount, outbox.readCount], [0, 3, 1]);
  await read();
  await read();
  await settle();
  assert.deepEqual([outbox.takenCount, outbox.readCount], [3, 3]);
});

Deno.test("OutboxWriter.close() drops what waits and writes the last message", async () => {
  const { output, put, read } = createWritten();
  put(1);
  await settle();
  put(2);
  output.close({ eventType: "closing", data: '{"eventType":"closing"}' });
  assert.deepEqual([await read(), await read(), await read()], ["1", "closing", "end"]);
});

Deno.test("OutboxWriter leaves no rejection behind when its client leaves", async () => {
  const { output, put, reader } = createWritten();
  put(1);
  put(2);
  await settle();
  await reader.cancel();
  put(3);
  output.close({ eventType: "closing", data: "{}" });
  await settle();
});
