import assert from "node:assert/strict";
import { startClientStage } from "../support/client_stage.ts";

// Python's package can't be installed from npm. What decides is its decoder, which hands on a block
// as an event as soon as the block has any field, data or not: this one does the same. It keeps the
// last id, as that one does.
function decodeBlocks(text: string): { id: string; data: string; retry: number | undefined }[] {
  const events = [];
  let id = "";
  let data: string[] = [];
  let retry: number | undefined;
  // What follows the last line break is no line yet.
  for (const line of text.split("\n").slice(0, -1)) {
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "id") id = value;
    if (field === "data") data.push(value);
    if (field === "retry") retry = Number(value);
    if (line === "" && (id || data.length > 0 || retry !== undefined)) {
      events.push({ id, data: data.join("\n"), retry });
      data = [];
      retry = undefined;
    }
  }
  return events;
}

Deno.test("a decoder that works like Python's httpx-sse gets JSON with every event", async (t) => {
  await using stage = await startClientStage();

  await t.step("on a stream, whose first event has `retry` too", async () => {
    const { body } = await fetch(stage.url, { headers: await stage.headers() });
    let text = "";
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes('"ready"') && text.endsWith("\n\n")) break;
    }
    const events = decodeBlocks(text);
    for (const { data } of events) stage.receive(data);
    for (const eventType of ["reset", "file-update", "ready"]) await stage.arrives({ eventType });
    assert.ok(events[0]?.retry);
    assert.match(events.at(-1)!.id, /\./);
  });

  await t.step("on a 401", async () => {
    const response = await fetch(stage.url, { headers: { authorization: "Bearer wrong" } });
    const [event, ...more] = decodeBlocks(await response.text());
    assert.equal(JSON.parse(event!.data).code, "AUTH_INVALID");
    assert.deepEqual(more, []);
  });
});
