/// <reference lib="dom" />
import assert from "node:assert/strict";
import { type FileEventsOptions, openFileEvents } from "../../demo/page/file_events_connection.ts";
import { serveHttp } from "../support/http_server.ts";

const ready = frame({ eventType: "ready" }, "cursor-1");
const tokenExpired = frame({ eventType: "closing", reason: "token-expired" });

Deno.test("openFileEvents() asks with the token and the publishable key", async () => {
  await using server = startStreams([ready]);
  using connection = connect(server);
  await connection.reached("connected");
  assert.deepEqual(server.queries(), [{ access_token: "token-1", apikey: "key" }]);
  assert.deepEqual(connection.states, ["connecting", "catching-up", "connected"]);
});

Deno.test("openFileEvents() goes on with a fresh token when the stream ends with the old one", async () => {
  await using server = startStreams([ready + tokenExpired], [ready]);
  using connection = connect(server);
  await connection.reached("connected", 2);
  assert.deepEqual(server.queries().slice(1), [
    { access_token: "fresh-token-2", apikey: "key", last_event_id: "cursor-1" },
  ]);
  assert.ok(connection.states.includes("reconnecting (token-expired)"));
});

Deno.test("openFileEvents() comes back with a fresh token after it was refused", async () => {
  await using server = startStreams(401, 503, [ready]);
  using _timers = shortenTimers();
  using connection = connect(server);
  await connection.reached("connected");
  const tokens = server.queries().map(({ access_token }) => access_token);
  assert.deepEqual(tokens, ["token-1", "fresh-token-2", "fresh-token-3"]);
  assert.ok(connection.states.includes("reconnecting (no stream)"));
});

Deno.test("openFileEvents() gives up a connection that says nothing any more", async () => {
  await using server = startStreams([ready], [ready]);
  using connection = connect(server, { silenceMs: 200 });
  await connection.reached("connected", 2);
  assert.equal(server.queries()[1]?.last_event_id, "cursor-1");
  assert.ok(connection.states.includes("reconnecting (silence)"));
});

Deno.test("openFileEvents() tries again when there is no token to be had", async () => {
  await using server = startStreams([ready]);
  let attempts = 0;
  using _timers = shortenTimers();
  using connection = connect(server, {
    accessToken: () =>
      ++attempts === 1 ? Promise.reject(new Error("no network")) : Promise.resolve("token"),
  });
  await connection.reached("connected");
  assert.ok(connection.states.includes("reconnecting (no network)"));
});

Deno.test("openFileEvents() opens one stream when a new token is told while it waits for it", async () => {
  await using server = startStreams([ready]);
  using connection = connect(server);
  connection.reopen();
  await connection.reached("connected");
  assert.deepEqual(server.queries().map(({ access_token }) => access_token), ["token-2"]);
});

for (const reason of ["setup-required", "of-a-later-version"]) {
  Deno.test(`openFileEvents() waits as long as it was told to after closing: ${reason}`, async () => {
    const closing = frame({ eventType: "closing", reason });
    await using server = startStreams([ready, `retry: 300\n${closing}`, END], [ready]);
    using connection = connect(server, { silenceMs: 100 });
    await connection.reached(`reconnecting (${reason})`);
    while (server.queries().length < 2) await connection.changed();
    assert.ok(!connection.states.includes("reconnecting (silence)"), connection.states.join());
  });
}

Deno.test("openFileEvents() does not ask again at once for a token that is refused again and again", async () => {
  await using server = startStreams([tokenExpired], [tokenExpired], [ready]);
  using connection = connect(server);
  using timers = shortenTimers();
  await connection.reached("connected");
  assert.equal(timers.waits.filter((ms) => ms >= 500 && ms <= 2000).length, 2);
  assert.equal(server.queries().length, 3);
});

/** A connection that knows its states, and ends with its test. */
function connect(server: { url: string }, options: Partial<FileEventsOptions> = {}) {
  const ended = new AbortController();
  const states: string[] = [];
  const waiting: (() => void)[] = [];
  let tokens = 0;
  const { reopen } = openFileEvents({
    url: server.url,
    publishableKey: "key",
    accessToken: ({ fresh }) => Promise.resolve(`${fresh ? "fresh-" : ""}token-${++tokens}`),
    onEvent: () => {},
    onState: (state, reason) => {
      states.push(reason ? `${state} (${reason})` : state);
      waiting.splice(0).forEach((look) => look());
    },
    signal: ended.signal,
    ...options,
  });
  return {
    states,
    reopen,
    async reached(state: string, times = 1) {
      while (states.filter((seen) => seen === state).length < times) {
        await this.changed();
      }
    },
    changed: () => new Promise<void>((look) => waiting.push(look)),
    [Symbol.dispose]: () => ended.abort(),
  };
}

/** The waits before a retry, 0.5 s to 5 s, take a hundredth of their time from now on. */
function shortenTimers() {
  const waits: number[] = [];
  const { setTimeout } = globalThis;
  globalThis.setTimeout = ((run: () => void, ms: number) => {
    waits.push(ms);
    return setTimeout(run, ms >= 500 && ms <= 5_000 ? ms / 100 : ms);
  }) as typeof setTimeout;
  return { waits, [Symbol.dispose]: () => void (globalThis.setTimeout = setTimeout) };
}

/** Ends a stream. */
const END = "end";

/** Answers one request after another: with a status, or with a stream that stays open until END. */
function startStreams(...answers: (number | string[])[]) {
  const asked: URL[] = [];
  const server = serveHttp((request) => {
    const answer = answers[asked.push(new URL(request.url)) - 1] ?? [];
    if (typeof answer === "number") return new Response(null, { status: answer });
    const body = new ReadableStream<string>({
      start(controller) {
        for (const text of answer) {
          if (text === END) controller.close();
          else controller.enqueue(text);
        }
      },
    });
    const headers = { "content-type": "text/event-stream" };
    return new Response(body.pipeThrough(new TextEncoderStream()), { headers });
  });
  return {
    ...server,
    queries: (): Record<string, string>[] =>
      asked.map(({ searchParams }) => Object.fromEntries(searchParams)),
  };
}

function frame(event: Record<string, unknown>, id?: string): string {
  const timestamp = "2026-11-23T10:30:00.000Z";
  return `${id ? `id: ${id}\n` : ""}data: ${JSON.stringify({ timestamp, ...event })}\n\n`;
}
