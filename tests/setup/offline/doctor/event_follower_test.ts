import assert from "node:assert/strict";
import { followEvents } from "../../../../setup/doctor/event_follower.ts";
import { serveHttp } from "../../../support/http_server.ts";

/** A `fetch` that answers when its signal is aborted, and not before. */
const hang: typeof fetch = (_input, init) =>
  new Promise((_, reject) => {
    const { signal } = init!;
    signal!.addEventListener("abort", () => reject(signal!.reason), { once: true });
  });

Deno.test("followEvents() stops waiting for the opening when it is aborted", async () => {
  const ending = new AbortController();
  const { signal } = ending;
  const { opening } = followEvents("", { token: "t", fetch: hang, firstByteMs: 60_000, signal });
  ending.abort();
  assert.equal((await opening).kind, "silent");
});

Deno.test("followEvents() says so when no byte comes in time", async () => {
  const ending = new AbortController();
  const { signal } = ending;
  const { opening } = followEvents("", { token: "t", fetch: hang, firstByteMs: 5, signal });
  assert.deepEqual(await opening, { kind: "silent", hasHeaders: false });
  ending.abort();
});

Deno.test("followEvents() resumes with the last id where a stream has ended", async () => {
  const asked: (string | null)[] = [];
  await using server = serveHttp(({ headers }) => {
    asked.push(headers.get("last-event-id"));
    const timestamp = new Date(0).toISOString();
    const event = { eventType: "heartbeat", timestamp, file: { id: asked.length } };
    return new Response(`id: cursor-${asked.length}\ndata: ${JSON.stringify(event)}\n\n`);
  });
  const ending = new AbortController();
  const follower = followEvents(server.url, {
    ...{ token: "t", fetch, firstByteMs: 60_000, retryMs: 1 },
    signal: ending.signal,
  });
  const found = await follower.find(({ fileId }) => fileId === "2", 10_000);
  ending.abort();
  assert.equal(found?.writtenAt, 0);
  assert.deepEqual(asked.slice(0, 2), [null, "cursor-1"]);
});
