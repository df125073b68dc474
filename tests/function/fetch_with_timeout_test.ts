import assert from "node:assert/strict";
import { fetchWithTimeout } from "../../supabase/functions/file-events/fetch_with_timeout.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { serveHttp } from "../support/http_server.ts";

const fetchWithin = (ms: number) =>
  fetchWithTimeout(fetch, () => AbortSignal.timeout(ms), new FakeClock());

Deno.test("fetchWithTimeout() passes request and answer on", async () => {
  await using server = serveHttp(async (request) =>
    new Response(`${request.method} ${request.headers.get("x-test")} ${await request.text()}`)
  );
  const init = { method: "POST", headers: { "x-test": "yes" }, body: "hello" };
  const response = await fetchWithin(10_000)(
    server.url,
    init,
  );
  assert.equal(await response.text(), "POST yes hello");
});

Deno.test("fetchWithTimeout() gives up on a server that says nothing", async () => {
  await using server = serveHttp(() => new Promise(() => {}));
  await assert.rejects(fetchWithin(50)(server.url), {
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
  const response = await fetchWithin(200)(server.url);
  await assert.rejects(response.text(), { name: "TimeoutError" });
});

Deno.test("fetchWithTimeout() still obeys the caller's signal", async () => {
  await using server = serveHttp(() => new Promise(() => {}));
  const controller = new AbortController();
  const answer = fetchWithin(10_000)(server.url, {
    signal: controller.signal,
  });
  controller.abort(new Error("no longer needed"));
  await assert.rejects(answer, /no longer needed/);
});

Deno.test("fetchWithTimeout() creates a timeout a second, and never uses one that has aborted", async () => {
  const clock = new FakeClock();
  const used: AbortSignal[] = [];
  const timeouts: AbortController[] = [];
  const request = fetchWithTimeout(
    (_input, init) => {
      used.push((init as { signal: AbortSignal }).signal);
      return Promise.resolve(new Response());
    },
    () => timeouts[timeouts.push(new AbortController()) - 1]!.signal,
    clock,
  );
  for (const ms of [0, 1_000, 1]) {
    await clock.advance(ms);
    await request("http://a.test");
  }
  assert.equal(used[0], used[1]);
  assert.notEqual(used[1], used[2]);
  timeouts[1]!.abort();
  await request("http://a.test");
  assert.equal(used[3]!.aborted, false);
});
