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

Deno.test("followEvents() takes the token to no other address", async () => {
  let visits = 0;
  await using other = serveHttp(() => {
    visits++;
    return new Response("data: {}\n\n");
  });
  await using server = serveHttp(() => Response.redirect(other.url, 307));
  const ending = new AbortController();
  const { signal } = ending;
  const options = { token: "t", fetch, firstByteMs: 60_000, signal };
  const opening = await followEvents(server.url, options).opening;
  ending.abort();
  assert.equal(opening.kind === "refused" && opening.answer.status, 307);
  assert.equal(visits, 0);
});

Deno.test("followEvents() reads no more of a refusal than its beginning", async () => {
  const page = new Uint8Array(1024 * 1024).fill(32);
  await using server = serveHttp(() => {
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(page) });
    return new Response(body, { status: 500 });
  });
  const ending = new AbortController();
  const { signal } = ending;
  const options = { token: "t", fetch, firstByteMs: 60_000, signal };
  const opening = await followEvents(server.url, options).opening;
  ending.abort();
  assert.equal(opening.kind === "refused" && opening.answer.status, 500);
});
