import assert from "node:assert/strict";
import type { Authenticate } from "../../supabase/functions/file-events/auth/authenticate.ts";
import {
  createHandler,
  type HandlerOptions,
} from "../../supabase/functions/file-events/handler.ts";
import { Refusal } from "../../supabase/functions/file-events/http/refusal.ts";
import { StreamPlaces } from "../../supabase/functions/file-events/http/stream_places.ts";
import type { FileStream } from "../../supabase/functions/file-events/stream/file_stream.ts";
import { createLog } from "../../supabase/functions/file-events/log.ts";
import { unsignedToken, USER_ID, userClaims } from "../support/access_tokens.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { serveHttp } from "../support/http_server.ts";
import { until } from "../support/until.ts";
import { fileId } from "../support/example_change.ts";

const URL_PATH = "https://project.supabase.co/functions/v1/file-events";
const ORIGIN = "https://app.example.com";
const clock = new FakeClock();
const TOKEN = unsignedToken(userClaims(clock.now()));

function createPlaces({ maxStreams = 500, maxStreamsPerUser = 20 } = {}) {
  return new StreamPlaces({ maxStreams, maxStreamsPerUser, clock });
}

function createTestHandler(options: Partial<HandlerOptions> = {}) {
  const lines: string[] = [];
  const opened: Parameters<HandlerOptions["openFileStream"]>[] = [];
  const authenticate: Authenticate = (token) =>
    Promise.resolve({ userId: USER_ID, token, expiresAt: 0, rights: "aal1" });
  const handler = createHandler({
    authenticate,
    openFileStream: (...args) => {
      opened.push(args);
      const [, , writer] = args;
      writer.write({ eventType: "ready", id: "c.1", data: '{"eventType":"ready"}' }).catch(
        () => {},
      );
      writer.close().catch(() => {});
      return openStream;
    },
    places: createPlaces(),
    allowedOrigins: "*",
    clock,
    random: () => 0.5,
    log: createLog((_level, line) => lines.push(line), clock),
    ...options,
  });
  return { handler, opened, lines };
}

const openStream: FileStream = { signal: new AbortController().signal, sendHeartbeat() {} };

/** Opens a stream that sends nothing until its client leaves. */
const openSilent: HandlerOptions["openFileStream"] = (_caller, _parameters, writer) => {
  const end = new AbortController();
  writer.closed.catch(() => end.abort());
  return { ...openStream, signal: end.signal };
};

/** Opens a stream that calls `onCancelled` when its client has left. */
const cancellable = (onCancelled: () => void): HandlerOptions["openFileStream"] => (...args) => {
  const stream = openSilent(...args);
  stream.signal.addEventListener("abort", onCancelled);
  return stream;
};

function get(query = "", headers: HeadersInit = { Authorization: `Bearer ${TOKEN}` }) {
  return new Request(`${URL_PATH}${query}`, { headers });
}

const rejecting = (error: Error) => ({ authenticate: () => Promise.reject(error) });

Deno.test("handler() answers GET with an event stream and the headers that keep it one", async () => {
  const { handler, opened } = createTestHandler();
  const response = await handler(get(`?file_id=${fileId(1)}&last_event_id=c.0`));
  assert.equal(response.status, 200);
  assert.deepEqual(Object.fromEntries(response.headers), {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Retry-After",
    "cache-control": "no-cache, no-transform",
    "connection": "keep-alive",
    "content-type": "text/event-stream",
    "vary": "Accept",
    "x-accel-buffering": "no",
  });
  assert.equal(
    await response.text(),
    ':\nretry: 2000\nid: c.1\ndata: {"eventType":"ready"}\n\n',
  );
  assert.deepEqual(opened.map(([caller, parameters]) => [caller, parameters]), [[
    { userId: USER_ID, token: TOKEN, expiresAt: 0, rights: "aal1" },
    { lastEventId: "c.0", fileIds: [fileId(1)], snapshot: true, isPoll: false },
  ]]);
});

Deno.test("handler() takes the token from the URL, for a native EventSource", async () => {
  const { handler, opened } = createTestHandler();
  const response = await handler(get(`?access_token=${TOKEN}`, {}));
  assert.equal(response.status, 200);
  assert.equal(opened[0]?.[0].token, TOKEN);
  await response.body?.cancel();
});

Deno.test("handler() passes a client's leaving on to the stream", async () => {
  let cancelled = false;
  const { handler } = createTestHandler({
    openFileStream: cancellable(() => cancelled = true),
  });
  const response = await handler(get());
  await response.body?.cancel();
  await until(() => cancelled, "the stream to be cancelled");
});

Deno.test("handler() answers a preflight request without a token", async () => {
  const { handler, opened } = createTestHandler({ allowedOrigins: new Set([ORIGIN]) });
  const response = await handler(
    new Request(URL_PATH, {
      method: "OPTIONS",
      headers: {
        Origin: ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization, last-event-id",
      },
    }),
  );
  assert.equal(response.status, 204);
  assert.equal(response.headers.get("Access-Control-Allow-Origin"), ORIGIN);
  assert.match(response.headers.get("Access-Control-Allow-Headers") ?? "", /authorization/);
  assert.equal(opened.length, 0);
});

Deno.test("handler() refuses another method before it looks at the token: METHOD_NOT_ALLOWED", async (t) => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "HEAD"]) {
    await t.step(method, async () => {
      const response = await createTestHandler().handler(new Request(URL_PATH, { method }));
      assert.equal(response.status, 405);
      assert.equal(response.headers.get("Allow"), "GET, OPTIONS");
      assert.equal(response.headers.get("Access-Control-Allow-Origin"), "*");
      assert.equal((await response.json()).code, "METHOD_NOT_ALLOWED");
    });
  }
});

Deno.test("handler() refuses a URL that is too long: URI_TOO_LONG", async () => {
  const { handler } = createTestHandler();
  const response = await handler(get(`?access_token=${"x".repeat(17_000)}`, {}));
  assert.equal(response.status, 414);
  assert.equal((await response.json()).code, "URI_TOO_LONG");
});

Deno.test("handler() has room for a token and 100 file ids in the URL", async () => {
  const ids = Array.from({ length: 100 }, (_, n) => `&file_id=${fileId(n)}`).join("");
  const response = await createTestHandler().handler(get(`?access_token=${TOKEN}${ids}`, {}));
  assert.equal(response.status, 200);
  await response.body?.cancel();
});

Deno.test("handler() frames a 401 as one event: AUTH_REQUIRED", async () => {
  const response = await createTestHandler().handler(get("", {}));
  assert.equal(response.status, 401);
  assert.equal(response.headers.get("Content-Type"), "text/event-stream");
  assert.equal(
    await response.text(),
    'retry: 300000\ndata: {"error":"Authentication required","code":"AUTH_REQUIRED"}\n\n',
  );
});

Deno.test("handler() checks the token before the parameters, which it tells only a user about", async () => {
  const { handler } = createTestHandler();
  const stranger = await handler(get("?file_id=", {}));
  assert.equal(stranger.status, 401);
  await stranger.body?.cancel();
  const user = await handler(get("?file_id="));
  assert.equal(user.status, 400);
  assert.deepEqual(await user.json(), {
    error: "file_id must be a text of 1 to 255 characters without control characters",
    code: "INVALID_PARAMETER",
  });
});

Deno.test("handler() lets pages of allowed origins alone read, errors too", async (t) => {
  const { handler } = createTestHandler({ allowedOrigins: new Set([ORIGIN]) });
  for (const [origin, expected] of [[ORIGIN, ORIGIN], ["https://evil.example", null]] as const) {
    for (const authorization of [`Bearer ${TOKEN}`, "Bearer x y"]) {
      await t.step(`${origin}, ${authorization.slice(0, 12)}`, async () => {
        const response = await handler(get("", { Origin: origin, Authorization: authorization }));
        assert.equal(response.headers.get("Access-Control-Allow-Origin"), expected);
        assert.equal(response.headers.get("Vary"), "Accept, Origin");
        assert.equal(response.headers.get("Access-Control-Expose-Headers"), "Retry-After");
        await response.body?.cancel();
      });
    }
  }
});

for (const code of ["UPSTREAM_UNAVAILABLE", "OVERLOADED"] as const) {
  Deno.test(`handler() answers ${code} with 503 and Retry-After`, async () => {
    const { handler } = createTestHandler(rejecting(new Refusal(code, "Try again soon")));
    const response = await handler(get());
    assert.equal(response.status, 503);
    assert.match(response.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
    assert.deepEqual(await response.json(), { error: "Try again soon", code });
  });

  Deno.test(`handler() turns ${code} into a busy stream for a native EventSource`, async () => {
    const { handler } = createTestHandler(rejecting(new Refusal(code, "Try again soon")));
    // Supabase's own gateway adds an empty header where there was none.
    for (const Authorization of [undefined, "", " ", "Bearer", "bearer "]) {
      const headers = new Headers(
        Authorization === undefined ? [] : [["Authorization", Authorization]],
      );
      const response = await handler(get(`?access_token=${TOKEN}`, headers));
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("Content-Type"), "text/event-stream");
      assert.equal(
        await response.text(),
        "retry: 60000\n" +
          'data: {"eventType":"closing","timestamp":"2026-11-23T10:30:00.000Z","reason":"busy"}\n\n',
      );
    }
  });
}

/** Requests with the token in the header and, as a native EventSource has it, in the URL. */
const withHeader = () => get();
const withUrl = () => get(`?access_token=${TOKEN}`, {});

/** A handler whose streams stay open, and whose only place is taken. */
async function createFullHandler(
  limits: Parameters<typeof createPlaces>[0],
  options: Partial<HandlerOptions> = {},
) {
  const places = createPlaces(limits);
  const created = createTestHandler({ openFileStream: openSilent, places, ...options });
  const taken = await created.handler(get());
  assert.equal(taken.status, 200);
  return { ...created, taken };
}

/** The answer to a request that waits for a place. */
async function answerInTime(answer: Promise<Response>): Promise<Response> {
  await clock.advance(1_000);
  return await answer;
}

async function isBusy(response: Response): Promise<boolean> {
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "text/event-stream");
  return /^retry: 60000\ndata: .*"reason":"busy"}\n\n$/.test(await response.text());
}

Deno.test("handler() refuses a stream over the user's limit: TOO_MANY_STREAMS with Retry-After", async () => {
  const { handler } = await createFullHandler({ maxStreamsPerUser: 1 });
  const response = await answerInTime(handler(withHeader()));
  assert.equal(response.status, 429);
  assert.equal(response.headers.get("Retry-After"), "10");
  assert.deepEqual(await response.json(), {
    error: "You have too many open streams; try again soon",
    code: "TOO_MANY_STREAMS",
  });
});

Deno.test("handler() turns TOO_MANY_STREAMS into a busy stream for a native EventSource", async () => {
  const { handler } = await createFullHandler({ maxStreamsPerUser: 1 });
  assert.ok(await isBusy(await answerInTime(handler(withUrl()))));
});

Deno.test("handler() refuses over the isolate's limit without a look at the token: OVERLOADED", async () => {
  let verified = 0;
  const { handler } = await createFullHandler({ maxStreams: 1 }, {
    authenticate: (token) => {
      verified++;
      return Promise.resolve({ userId: USER_ID, token, expiresAt: 0, rights: "" });
    },
  });
  const response = await handler(withHeader());
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("Retry-After"), "10");
  assert.equal((await response.json()).code, "OVERLOADED");
  assert.ok(await isBusy(await handler(withUrl())));
  assert.equal(verified, 1);
});

Deno.test("handler() refuses without a look at the token if the user's requests fill their queue", async () => {
  let verified = 0;
  const { handler } = await createFullHandler({ maxStreamsPerUser: 5 }, {
    authenticate: (token) => {
      verified++;
      return Promise.resolve({ userId: USER_ID, token, expiresAt: 0, rights: "" });
    },
  });
  const status = async () => (await handler(withHeader())).status;
  const waiting = Array.from({ length: 4 + 5 }, status);
  await settle();
  assert.deepEqual(await Promise.all(Array.from({ length: 100 }, status)), Array(100).fill(429));
  assert.equal(verified, 10);
  await clock.advance(2_000);
  assert.deepEqual(await Promise.all(waiting), [200, 200, 200, 200, 429, 429, 429, 429, 429]);
});

Deno.test("handler() lets no request pass that was verified while the last place was taken", async () => {
  const places = createPlaces({ maxStreams: 10 });
  const { handler } = createTestHandler({
    authenticate: (token) =>
      Promise.resolve({ userId: crypto.randomUUID(), token, expiresAt: 0, rights: "" }),
    openFileStream: openSilent,
    places,
  });
  const responses = await Promise.all(Array.from({ length: 1_000 }, () => handler(get())));
  assert.equal(responses.filter(({ status }) => status === 200).length, 10);
  assert.equal(responses.filter(({ status }) => status === 503).length, 990);
});

Deno.test("handler() answers as ever what needs no place, in a full isolate", async () => {
  const { handler } = await createFullHandler({ maxStreams: 1 });
  const status = async (request: Request) => (await handler(request)).status;
  assert.equal(await status(new Request(URL_PATH, { method: "OPTIONS" })), 204);
  assert.equal(await status(new Request(URL_PATH, { method: "POST" })), 405);
  assert.equal(await status(get("", {})), 401);
});

Deno.test("handler() gives the place of a client that has left to the next one", async () => {
  const { handler, taken } = await createFullHandler({ maxStreams: 1 });
  await taken.body?.cancel();
  await settle();
  const response = await handler(get());
  assert.equal(response.status, 200);
});

Deno.test("handler() takes no place for a request that gets no stream", async (t) => {
  const failures: Record<string, [Partial<HandlerOptions>, Request]> = {
    "preflight": [{}, new Request(URL_PATH, { method: "OPTIONS" })],
    "no token": [{}, get("", {})],
    "a token that is refused": [rejecting(new Refusal("AUTH_INVALID", "Not valid")), get()],
    "a wrong parameter": [{}, get("?file_id=")],
    "a stream that can't be set up": [{
      openFileStream: () => {
        throw new Error("broken");
      },
    }, get()],
  };
  for (const [name, [options, request]] of Object.entries(failures)) {
    await t.step(name, async () => {
      const places = createPlaces({ maxStreams: 1 });
      const failing = createTestHandler({ places, ...options });
      await (await failing.handler(request)).body?.cancel();
      assert.doesNotThrow(() => places.checkIsolate());
    });
  }
});

Deno.test("handler() gives no place to a client that leaves while it waits for one", async () => {
  const { handler, opened } = createTestHandler({
    places: createPlaces({ maxStreamsPerUser: 1 }),
    openFileStream: (...args) => {
      opened.push(args);
      return openSilent(...args);
    },
  });
  const taken = await handler(get());
  const { promise: left, resolve: leave } = Promise.withResolvers<void>();
  let waiting: Promise<Response> | undefined;
  await using server = serveHttp((request) => {
    waiting = handler(request);
    request.signal.addEventListener("abort", () => leave());
    return waiting;
  });
  const client = new AbortController();
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const answer = fetch(server.url, { headers, signal: client.signal });
  await until(() => waiting !== undefined, "the request waits");
  client.abort();
  await assert.rejects(answer);
  await left;
  await taken.body?.cancel();
  assert.equal((await waiting)?.status, 499);
  assert.equal(opened.length, 1);
});

Deno.test("handler() logs refusals once a minute, with the user", async () => {
  const { handler, lines } = await createFullHandler({ maxStreamsPerUser: 1 });
  const answers = Array.from({ length: 100 }, () => handler(withHeader()));
  await clock.advance(2_000);
  assert.ok((await Promise.all(answers)).every(({ status }) => status === 429));
  assert.deepEqual(lines.map((line) => JSON.parse(line)).map(({ time: _, ...line }) => line), [{
    level: "warn",
    event: "stream refused",
    code: "TOO_MANY_STREAMS",
    user: USER_ID,
    times: 1,
  }]);
});

Deno.test("handler() logs nothing about a client that has left while it waited", async () => {
  const left = new DOMException("The client has left", "AbortError");
  const { handler, lines } = createTestHandler(rejecting(left));
  await (await handler(get())).body?.cancel();
  assert.deepEqual(lines, []);
});

Deno.test("handler() opens no stream that outlives a client which leaves while its token is verified", async () => {
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<Authenticate>>>();
  let asked = false;
  let cancelled = false;
  const { handler } = createTestHandler({
    authenticate: () => {
      asked = true;
      return promise;
    },
    openFileStream: cancellable(() => cancelled = true),
  });
  await using server = serveHttp(handler);
  const client = new AbortController();
  const answer = fetch(server.url, {
    headers: { Authorization: `Bearer ${TOKEN}` },
    signal: client.signal,
  });
  await until(() => asked, "authenticate is asked");
  client.abort();
  await assert.rejects(answer);
  resolve({ userId: USER_ID, token: TOKEN, expiresAt: 0, rights: "" });
  await until(() => cancelled, "the stream is cancelled");
});

Deno.test("handler() answers what it did not expect with SSE_SETUP_ERROR and no internal text", async (t) => {
  const internal = "relation secret_table does not exist";
  const failures: Record<string, Partial<HandlerOptions>> = {
    "authenticate rejects": rejecting(new TypeError(internal)),
    "openFileStream throws": {
      openFileStream: () => {
        throw new Error(internal);
      },
    },
  };
  for (const [name, options] of Object.entries(failures)) {
    await t.step(name, async () => {
      const { handler, lines } = createTestHandler(options);
      const response = await handler(get());
      assert.equal(response.status, 500);
      assert.deepEqual(await response.json(), {
        error: "Failed to establish the event stream",
        code: "SSE_SETUP_ERROR",
      });
      assert.equal(lines.length, 1);
      assert.ok(lines[0]?.includes(internal), "the log is told");
    });
  }
});

Deno.test("handler() writes no token into the log", async () => {
  const errors = [
    new Error("unexpected"),
    new Refusal("UPSTREAM_UNAVAILABLE", "Try again", { cause: new Error("connection refused") }),
    new Refusal("AUTH_INVALID", "Not valid"),
  ];
  for (const error of errors) {
    const { handler, lines } = createTestHandler(rejecting(error));
    for (
      const request of [get(), get(`?access_token=${TOKEN}`, {}), get(`?access_token=${TOKEN}`)]
    ) {
      const response = await handler(request);
      await response.body?.cancel();
    }
    assert.ok(!lines.join().includes(TOKEN));
  }
});

Deno.test("handler() refuses a URL that the Host header makes invalid, and logs nothing of it: INVALID_PARAMETER", async () => {
  const { handler, lines } = createTestHandler();
  const url = `http://[/functions/v1/file-events?access_token=${TOKEN}`;
  const response = await handler({ method: "GET", url, headers: new Headers() } as Request);
  assert.equal(response.status, 400);
  assert.equal((await response.json()).code, "INVALID_PARAMETER");
  assert.deepEqual(lines, []);
});

/** What a client that polls sends. */
function pollOf(query = "", headers: Record<string, string> = {}) {
  return get(query, { Authorization: `Bearer ${TOKEN}`, Accept: "application/json", ...headers });
}

Deno.test("handler() answers a poll with JSON that no cache keeps", async () => {
  const { handler, opened } = createTestHandler();
  const response = await handler(
    pollOf(`?wait=0&file_id=${fileId(1)}`, { "Last-Event-ID": "c.0" }),
  );
  assert.equal(response.status, 200);
  assert.deepEqual(Object.fromEntries(response.headers), {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Retry-After",
    "cache-control": "no-store",
    "content-type": "application/json",
    "vary": "Accept",
  });
  assert.deepEqual(await response.json(), {
    events: [{ eventType: "ready" }],
    id: "c.1",
    more: false,
    retry: 2_000,
  });
  assert.deepEqual(opened[0]?.[1], {
    lastEventId: "c.0",
    fileIds: [fileId(1)],
    snapshot: true,
    isPoll: true,
  });
});

Deno.test("handler() holds a poll as long as it says, and ignores that for a stream", async () => {
  const { handler } = createTestHandler();
  const held = handler(pollOf("?wait=5"));
  let hasAnswer = false;
  held.then(() => hasAnswer = true);
  await clock.advance(4_999);
  assert.ok(!hasAnswer);
  await clock.advance(1);
  assert.equal((await held).status, 200);
  assert.equal((await handler(pollOf("?wait=26"))).status, 400);
  for (const wait of ["5", "26"]) {
    const response = await handler(get(`?wait=${wait}`));
    assert.equal(response.headers.get("Content-Type"), "text/event-stream");
    await response.body?.cancel();
  }
});

Deno.test("handler() answers what a poll gets wrong with JSON, 401 too", async () => {
  const { handler } = createTestHandler();
  const headers = { Accept: "application/json" };
  const response = await handler(new Request(URL_PATH, { headers }));
  assert.equal(response.status, 401);
  assert.equal(response.headers.get("Content-Type"), "application/json");
  assert.equal(response.headers.get("Vary"), "Accept");
  assert.deepEqual(await response.json(), {
    error: "Authentication required",
    code: "AUTH_REQUIRED",
  });
});

Deno.test("handler() refuses a poll with a status and Retry-After, wherever its token is", async () => {
  const busy = new Refusal("UPSTREAM_UNAVAILABLE", "Try again soon");
  const { handler } = createTestHandler(rejecting(busy));
  const headers = { Accept: "application/json" };
  for (const request of [pollOf(), get(`?access_token=${TOKEN}`, headers)]) {
    const response = await handler(request);
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("Retry-After"), "10");
    assert.equal((await response.json()).code, "UPSTREAM_UNAVAILABLE");
  }
});

Deno.test("handler() gives a poll a place as long as it is held", async () => {
  const places = createPlaces({ maxStreams: 1 });
  const { handler } = createTestHandler({ openFileStream: openSilent, places });
  const held = handler(pollOf());
  await settle();
  assert.throws(() => places.checkIsolate());
  await clock.advance(20_000);
  const response = await held;
  assert.deepEqual([response.status, (await response.json()).code], [503, "UPSTREAM_UNAVAILABLE"]);
  await settle();
  assert.doesNotThrow(() => places.checkIsolate());
});

Deno.test("handler() ends a poll whose client leaves", async () => {
  const places = createPlaces({ maxStreams: 1 });
  let cancelled = false;
  const { handler, lines } = createTestHandler({
    openFileStream: cancellable(() => cancelled = true),
    places,
  });
  let answered: Promise<Response> | undefined;
  await using server = serveHttp((request) => answered = handler(request));
  const client = new AbortController();
  const { headers } = pollOf();
  const answer = fetch(server.url, { headers, signal: client.signal });
  await until(() => answered !== undefined, "the poll is held");
  client.abort();
  await assert.rejects(answer);
  await until(() => cancelled, "the stream is cancelled");
  assert.equal((await answered)?.status, 499);
  assert.doesNotThrow(() => places.checkIsolate());
  assert.deepEqual(lines, []);
});

Deno.test("handler() leaves no timer behind a poll whose stream can't be opened", async () => {
  const { handler } = createTestHandler({
    openFileStream: () => {
      throw new Error("broken");
    },
  });
  const before = clock.pending;
  assert.equal((await handler(pollOf())).status, 500);
  assert.equal(clock.pending, before);
});
