import { createClient } from "@supabase/supabase-js";
import assert from "node:assert/strict";
import { createFileEvents } from "../../client/create_file_events.ts";
import type { Environment } from "../../client/environment.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { exampleFile, startClientStage, TOKEN } from "./client_stage.ts";

Deno.test("a page of another service is no stream, and is asked again later (SPEC 3)", async () => {
  using stage = startClientStage();
  (await stage.request()).refuse(200, "<!doctype html>", { "content-type": "text/html" });
  await stage.settle();
  assert.equal(stage.states.at(-1), "loading (not-a-stream)");
  await stage.clock.advance(1_000);
  assert.equal(stage.requests.length, 2);
});

for (
  const data of [
    "<html>",
    "{",
    "null",
    "7",
    '{"no":"type"}',
    '{"eventType":"file-update"}',
    '{"eventType":"file-update","file":{}}',
    '{"eventType":"file-deleted","file":null}',
  ]
) {
  Deno.test(`an event that can't be read, ${data}, is lost with nothing after it (SPEC 8)`, async () => {
    using stage = startClientStage();
    const request = await stage.request();
    request.begin().snapshot([exampleFile("1")], "c.1");
    const later = { eventType: "file-update", file: exampleFile("2") };
    request.write(`id: c.2\ndata: ${data}\n\nid: c.3\ndata: ${JSON.stringify(later)}\n\n`);
    await stage.settle();
    assert.equal(stage.states.at(-1), "reconnecting (invalid-event)");
    assert.deepEqual(stage.names(), ["1.txt"]);
    await stage.clock.advance(1_000);
    assert.equal(stage.requests[1]!.headers.get("last-event-id"), "c.1");
  });
}

Deno.test("an event of an unknown type changes nothing, and its id counts (SPEC 8)", async () => {
  using stage = startClientStage();
  const request = await stage.request();
  request.begin().snapshot([exampleFile("1")], "c.1");
  request.write('id: c.2\ndata: {"eventType":"of a later version","file":7}\n\n');
  await stage.settle();
  assert.equal(stage.states.at(-1), "live");
  assert.deepEqual(stage.names(), ["1.txt"]);
  request.cut();
  await stage.clock.advance(1_000);
  assert.equal(stage.requests[1]!.headers.get("last-event-id"), "c.2");
});

Deno.test("a chunk may end anywhere, in the middle of a character too (SPEC 8)", async () => {
  using stage = startClientStage();
  const request = await stage.request();
  const file = exampleFile("1", { filename: "Uhr ü 😀.txt" });
  const data = JSON.stringify({ eventType: "file-update", timestamp: "", file });
  const text = `id: none\ndata: {"eventType":"reset"}\n\ndata: ${data}\n\n` +
    'data: {"eventType":"ready"}\n\n';
  request.begin();
  for (const byte of new TextEncoder().encode(text)) request.write(new Uint8Array([byte]));
  await stage.settle();
  for (let turn = 0; turn < 1_000 && stage.names().length === 0; turn++) await stage.settle();
  assert.deepEqual(stage.names(), ["Uhr ü 😀.txt"]);
});

Deno.test("an answer that is cut in the middle of a character leaves nothing behind (SPEC 7)", async () => {
  using stage = startClientStage();
  const first = await stage.request();
  first.begin().snapshot([], "c.1").write("data: \u00fc".slice(0, -1)).write(
    new Uint8Array([0xc3]),
  );
  await stage.settle();
  first.cut();
  await stage.clock.advance(1_000);
  (await stage.request()).begin()
    .send({ eventType: "file-update", file: exampleFile("1") })
    .send({ eventType: "ready" }, "c.2");
  await stage.settle();
  assert.deepEqual(stage.names(), ["1.txt"]);
});

Deno.test("an event of 5 MB, in small chunks, is one event (SPEC 8)", async () => {
  using stage = startClientStage();
  const request = await stage.request();
  request.begin().send({ eventType: "reset" }, "none");
  const error_message = "x".repeat(5_000_000);
  const file = exampleFile("1", { error_message });
  const bytes = new TextEncoder().encode(
    `data: ${JSON.stringify({ eventType: "file-update", file })}\n\n`,
  );
  for (let start = 0; start < bytes.length; start += 16_384) {
    request.write(bytes.slice(start, start + 16_384));
  }
  request.send({ eventType: "ready" }, "c.1");
  for (let turn = 0; turn < 1_000 && stage.names().length === 0; turn++) await stage.settle();
  assert.equal(stage.files.get("1")?.error_message?.length, 5_000_000);
});

for (
  const error of [{ url: undefined }, { url: "project.supabase.co" }, { key: "" }, {
    getToken: undefined,
  }]
) {
  Deno.test(`an option that is missing is told at once: ${JSON.stringify(error)}`, () => {
    assert.throws(() => startClientStage({ options: error as never }), TypeError);
  });
}

Deno.test("a slash at the end of the project's URL does no harm", async () => {
  using stage = startClientStage({ options: { url: "https://project.example//" } });
  assert.equal((await stage.request()).url.pathname, "/functions/v1/file-events");
});

Deno.test("nothing of an attempt that has ended has any effect, though its requests go on (SPEC 7)", async () => {
  const answers = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  let asked = 0;
  using stage = startClientStage({
    options: { getToken: () => answers[asked++]?.promise ?? TOKEN },
    ignoresAborts: true,
  });
  await stage.settle();
  stage.files.reconnect();
  await stage.settle();
  answers[0]!.resolve(TOKEN);
  await stage.settle();
  assert.equal(stage.requests.length, 0, "a token that comes late");
  answers[1]!.resolve(TOKEN);
  const first = await stage.request();
  stage.files.reconnect();
  const second = await stage.request();
  second.begin().snapshot([exampleFile("new")], "n.1");
  first.begin().snapshot([exampleFile("old")], "o.1");
  await stage.settle();
  assert.deepEqual(stage.names(), ["new.txt"], "an answer that comes late");
  stage.setOnline(false);
  second.send({ eventType: "file-deleted", file: { id: "new" } }, "n.2");
  await stage.clock.advance(1_000);
  assert.deepEqual(stage.names(), ["new.txt"], "an event that comes late");
  assert.equal(stage.requests[2]!.headers.get("last-event-id"), "n.1");
});

Deno.test("the bytes of an attempt that has ended are no sign of life of the next (SPEC 7)", async () => {
  using stage = startClientStage({ ignoresAborts: true });
  const first = await stage.request();
  first.begin().snapshot([], "c.1");
  await stage.settle();
  stage.files.reconnect();
  (await stage.request()).begin().snapshot([], "c.1");
  for (let seconds = 0; seconds < 60; seconds += 10) {
    await stage.clock.advance(10_000);
    first.write(":\n");
  }
  await stage.settle();
  assert.equal(stage.requests.length, 3);
});

Deno.test("close() at every await ends the request and all timers (SPEC 20)", async () => {
  // How far the attempt is when it is closed.
  for (let steps = 0; steps < 8; steps++) {
    const token = Promise.withResolvers<string>();
    const stage = startClientStage({ options: { getToken: () => token.promise } });
    const advance = [
      () => stage.settle(),
      () => token.resolve(TOKEN),
      () => stage.settle(),
      () => void stage.requests[0]!.begin(),
      () => stage.settle(),
      () => void stage.requests[0]!.snapshot([exampleFile("1")], "c.1"),
      () => stage.settle(),
      () => void stage.requests[0]!.cut(),
    ];
    for (const step of advance.slice(0, steps)) await step();
    const told: unknown[] = [];
    stage.files.subscribe((list) => void told.push(list));
    const asked = stage.requests.length;
    stage.files.close();
    token.resolve(TOKEN);
    await stage.settle();
    const seen = told.length;
    await stage.clock.advance(3_600_000);
    assert.equal(stage.files.connection.value.state, "closed");
    assert.equal(stage.clock.pending, 0, `timers after ${steps} steps`);
    assert.equal(stage.requests.length, asked, `requests after ${steps} steps`);
    assert.equal(told.length, seen);
    if (asked > 0) assert.ok(stage.requests[0]!.signal.aborted);
    stage.files.reconnect();
    stage.files.close();
    stage.files.subscribe(() => {});
    await stage.clock.advance(60_000);
    assert.equal(stage.requests.length, asked, "closed for ever");
  }
});

Deno.test("close() leaves no timer for listeners that left before it, or leave after it (SPEC 20)", async () => {
  for (const isBefore of [true, false]) {
    const stage = startClientStage({ isIdle: true });
    const stop = stage.files.subscribe(() => {});
    await stage.settle();
    if (isBefore) stop();
    stage.files.close();
    stop();
    assert.equal(stage.clock.pending, 0);
  }
});

Deno.test("a signal closes the client, aborted before or after (SPEC 20)", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const before = startClientStage({ options: { signal: AbortSignal.abort() } });
  const after = startClientStage({ options: { signal } });
  await after.request();
  controller.abort();
  await after.settle();
  assert.deepEqual([before.requests.length, after.requests.length], [0, 1]);
  assert.equal(before.files.connection.value.state, "closed");
  assert.equal(after.files.connection.value.state, "closed");
});

for (
  const data of ['{"eventType":"file-limit","limit":100}', '{"eventType":"file-order","file":null}']
) {
  Deno.test(`an event of a later version is ignored, though its name begins as that of a file: ${data}`, async () => {
    using stage = startClientStage();
    const request = await stage.request();
    request.begin().snapshot([exampleFile("1")], "c.1").write(`id: c.2\ndata: ${data}\n\n`);
    await stage.settle();
    assert.equal(stage.states.at(-1), "live");
    assert.deepEqual(stage.names(), ["1.txt"]);
  });
}

const STREAM = { headers: { "content-type": "text/event-stream" } };

/** What a `fetch` may do that has no streams, or is somebody's own. */
const ODD: Record<string, Environment["fetch"]> = {
  "gives an answer without a body": () => Promise.resolve(new Response(null, STREAM)),
  "throws at once": () => {
    throw new TypeError("no network");
  },
};

for (const [what, fetch] of Object.entries(ODD)) {
  Deno.test(`a fetch that ${what} is an outage like any other`, async () => {
    const rejections: unknown[] = [];
    const listen = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      rejections.push(event.reason);
    };
    addEventListener("unhandledrejection", listen);
    try {
      const clock = new FakeClock();
      using files = createFileEvents(
        { url: "https://project.example", key: "key", getToken: () => TOKEN },
        {
          now: () => clock.now(),
          after: (ms, run) => clock.after(ms, run),
          random: () => 0,
          isOnline: () => true,
          isVisible: () => true,
          watchPage: () => {},
          schedule: queueMicrotask,
          fetch,
        },
      );
      files.subscribe(() => {});
      await settle();
      assert.deepEqual(rejections, []);
      assert.match(files.connection.value.reason, /^(network|not-a-stream)$/);
    } finally {
      removeEventListener("unhandledrejection", listen);
    }
  });
}

Deno.test("an onEvent that throws is reported as an uncaught error, and loses no event", async () => {
  const uncaught: string[] = [];
  const listen = (event: ErrorEvent | PromiseRejectionEvent) => {
    event.preventDefault();
    uncaught.push(event.type);
  };
  addEventListener("error", listen);
  addEventListener("unhandledrejection", listen);
  try {
    const onEvent = () => {
      throw new Error("a fault of the page");
    };
    using stage = startClientStage({ options: { onEvent } });
    (await stage.request()).begin().snapshot([exampleFile("1")], "c.1");
    await stage.settle();
    assert.deepEqual(stage.names(), ["1.txt"]);
    assert.equal(stage.states.at(-1), "live");
    assert.deepEqual(uncaught, ["error", "error", "error"]);
  } finally {
    removeEventListener("error", listen);
    removeEventListener("unhandledrejection", listen);
  }
});

Deno.test("reconnect() inside onEvent: what ends with it is not called live", async () => {
  const never = new Promise<string>(() => {});
  let asked = 0;
  using stage = startClientStage({
    options: {
      getToken: () => asked++ > 0 ? never : TOKEN,
      onEvent: ({ eventType }) => {
        if (eventType === "ready") stage.files.reconnect();
      },
    },
  });
  (await stage.request()).begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  assert.ok(stage.requests[0]!.signal.aborted);
  assert.notEqual(stage.states.at(-1), "live");
});

Deno.test("close() inside onEvent: nobody is told anything afterwards", async () => {
  using stage = startClientStage({
    options: {
      onEvent: ({ eventType }) => {
        if (eventType === "ready") stage.files.close();
      },
    },
  });
  const told: number[] = [];
  stage.files.subscribe((list) => void told.push(list.length));
  (await stage.request()).begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  assert.deepEqual(told, [0]);
});

Deno.test("an empty list of file ids doesn't mean all files", async () => {
  let stage;
  try {
    stage = startClientStage({ options: { fileIds: [] } });
  } catch (error) {
    assert.ok(error instanceof TypeError, "refused when the client is made");
    return;
  }
  using _ = stage;
  (await stage.request())?.begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  assert.deepEqual(stage.requests.map(({ url }) => url.search), [], "or nothing is asked for");
});

Deno.test("a supabase-js client with the option accessToken is refused when the client is made", () => {
  const supabase = createClient("https://project.example", "publishable", {
    accessToken: () => Promise.resolve(TOKEN),
  });
  assert.throws(
    () => startClientStage({ options: { supabase, getToken: undefined }, isIdle: true }),
    /accessToken/,
    "not when the first component subscribes",
  );
});

Deno.test("a content type may be written in any case of letters", async () => {
  using stage = startClientStage();
  (await stage.request())
    .begin({ headers: { "content-type": "Text/Event-Stream; charset=UTF-8" } })
    .snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  assert.equal(stage.states.at(-1), "live");
});

Deno.test("after close() nothing listens to the option `signal` any more", () => {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  const own = {
    add: signal.addEventListener.bind(signal),
    remove: signal.removeEventListener.bind(signal),
  };
  signal.addEventListener = (type: string, listener: never, options: never) => {
    listeners.add(listener);
    own.add(type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: never) => {
    listeners.delete(listener);
    own.remove(type, listener);
  };
  const stage = startClientStage({ options: { signal } });
  assert.equal(listeners.size, 1);
  stage.files.close();
  assert.equal(listeners.size, 0);
});
