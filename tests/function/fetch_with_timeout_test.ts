import assert from "node:assert/strict";
import { fetchWithTimeout } from "../../supabase/functions/file-events/fetch_with_timeout.ts";
import { serveHttp } from "../support/http_server.ts";

Deno.test("fetchWithTimeout() passes request and answer on", async () => {
  await using server = serveHttp(async (request) =>
    new Response(`${request.method} ${request.headers.get("x-test")} ${await request.text()}`)
  );
  const init = { method: "POST", headers: { "x-test": "yes" }, body: "hello" };
  const response = await fetchWithTimeout(fetch, () => AbortSignal.timeout(10_000))(
    server.url,
    init,
  );
  assert.equal(await response.text(), "POST yes hello");
});

Deno.test("fetchWithTimeout() gives up on a server that says nothing", async () => {
  await using server = serveHttp(() => new Promise(() => {}));
  await assert.rejects(fetchWithTimeout(fetch, () => AbortSignal.timeout(50))(server.url), {
    name: "TimeoutError",
  });
});

Deno.test("fetchWithTimeout() gives up on a server that begins an answer and stops", async () => {
  await using server = serveHttp(() => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
    });
    return new Response(body);
  });
  const response = await fetchWithTimeout(fetch, () => AbortSignal.timeout(200))(server.url);
  await assert.rejects(response.text(), { name: "TimeoutError" });
});

Deno.test("fetchWithTimeout() still obeys the caller's signal", async () => {
  await using server = serveHttp(() => new Promise(() => {}));
  const controller = new AbortController();
  const answer = fetchWithTimeout(fetch, () => AbortSignal.timeout(10_000))(server.url, {
    signal: controller.signal,
  });
  controller.abort(new Error("no longer needed"));
  await assert.rejects(answer, /no longer needed/);
});
