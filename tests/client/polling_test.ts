import assert from "node:assert/strict";
import { tokenOf } from "./fake_auth.ts";
import { type ClientStage, exampleFile, type Request, startClientStage } from "./client_stage.ts";

/** What a poll brings that has nothing new. */
const NOTHING = [{ eventType: "ready" }] as const;

function isPoll({ headers }: Request): boolean {
  return headers.get("accept") === "application/json";
}

/** Lets streams be silent until the client polls. */
async function silenceStreams(stage: ClientStage): Promise<Request> {
  let request = await stage.request();
  while (!isPoll(request)) {
    request.begin();
    await stage.clock.advance(11_000);
    request = await stage.request();
  }
  return request;
}

/** Lets the client poll, and returns the poll that is held. */
async function startPolling(stage: ClientStage): Promise<Request> {
  (await silenceStreams(stage)).answerPoll([
    { eventType: "reset" },
    { eventType: "file-update", file: exampleFile("a") },
    ...NOTHING,
  ], { id: "1" });
  await stage.clock.advance(500);
  return stage.requests.at(-1)!;
}

const SILENCES: Record<string, (request: Request, stage: ClientStage) => Promise<void>> = {
  "no head for 20 s": (_, { clock }) => clock.advance(20_000),
  "no byte for 10 s after the head": (request, { clock }) => {
    request.begin();
    return clock.advance(10_000);
  },
  "no byte for 60 s after some": async (request, { clock, settle }) => {
    request.begin().send({ eventType: "ready" }, "1");
    await settle();
    await clock.advance(60_000);
  },
};

for (const [name, fallSilent] of Object.entries(SILENCES)) {
  Deno.test(`two silent streams in a row are followed by a poll: ${name} (SPEC 29)`, async () => {
    using stage = startClientStage();
    for (let number = 1; number <= 2; number++) {
      const request = await stage.request();
      assert.equal(stage.requests.length, number);
      assert.equal(request.headers.get("accept"), "text/event-stream");
      await fallSilent(request, stage);
      await stage.clock.advance(500);
    }
    const poll = await stage.request();
    assert.equal(stage.requests.length, 3);
    assert.ok(isPoll(poll));
    assert.equal(stage.files.transport, "stream");
    poll.answerPoll([...NOTHING], { id: "2" });
    await stage.settle();
    assert.equal(stage.files.transport, "polling");
    assert.equal(stage.files.connection.value.state, "live");
  });
}

Deno.test("a stream that brings nothing but heartbeats is not silent (SPEC 29)", async () => {
  using stage = startClientStage();
  const request = (await stage.request()).begin().write(":\nretry: 500\n");
  for (let number = 0; number < 10; number++) {
    await stage.clock.advance(30_000);
    request.send({ eventType: "heartbeat" });
    await stage.settle();
  }
  assert.equal(stage.requests.length, 1);
});

Deno.test("one silent stream, and another one later, are no reason to poll (SPEC 29)", async () => {
  using stage = startClientStage();
  for (let number = 1; number <= 4; number++) {
    const request = await stage.request();
    assert.ok(!isPoll(request), `request ${number}`);
    request.begin();
    await stage.clock.advance(10_500);
    const next = (await stage.request()).begin().send({ eventType: "ready" }, "1");
    await stage.settle();
    // Half of them end with a sign that bytes come through, the others in another way than by silence.
    if (number % 2) {
      next.send({ eventType: "heartbeat" });
      await stage.settle();
      await stage.clock.advance(60_000);
    } else {
      next.end();
      await stage.clock.advance(500);
    }
    const last = await stage.request();
    assert.ok(!isPoll(last));
    last.cut();
    await stage.clock.advance(500);
  }
});

Deno.test("a machine that sleeps twice in a row is no proxy that buffers (SPEC 29)", async () => {
  using stage = startClientStage();
  for (let night = 0; night < 2; night++) {
    (await stage.request()).begin().send({ eventType: "ready" }, "1");
    await stage.settle();
    await stage.sleep(3_600_000);
    await stage.clock.advance(5_000);
  }
  assert.ok(!isPoll(await stage.request()));
});

const OUTAGES: Record<string, (poll: Request, stage: ClientStage) => unknown> = {
  "a bad gateway": (poll) => poll.refuse(502),
  "no network": (poll) => poll.cut(),
  "no answer for 60 s": (_, { clock }) => clock.advance(60_000),
  "JSON of another service": (poll) =>
    poll.refuse(200, `{"message":"ok"}`, { "content-type": "application/json" }),
  "JSON whose events are none": (poll) =>
    poll.refuse(200, `{"events":"none"}`, { "content-type": "application/json" }),
};

for (const [name, fail] of Object.entries(OUTAGES)) {
  Deno.test(`if the first poll fails too, it is an outage: ${name} (SPEC 29)`, async () => {
    using stage = startClientStage();
    const poll = await silenceStreams(stage);
    await fail(poll, stage);
    await stage.clock.advance(500);
    assert.notEqual(stage.requests.at(-1), poll);
    assert.ok(!isPoll(await stage.request()));
    assert.equal(stage.files.transport, "stream");
    // Two more silent streams are needed.
    await stage.clock.advance(20_500);
    assert.ok(!isPoll(await stage.request()));
    await stage.clock.advance(20_500);
    assert.ok(isPoll(await stage.request()));
  });
}

Deno.test("a stream and a poll resume from the same id (SPEC 30)", async () => {
  using stage = startClientStage();
  (await stage.request()).begin().snapshot([exampleFile("a")], "1");
  await stage.settle();
  await stage.clock.advance(60_000);
  const poll = await silenceStreams(stage);
  assert.equal(poll.headers.get("last-event-id"), "1");
  poll.answerPoll([
    { eventType: "file-update", file: exampleFile("b") },
    { eventType: "file-deleted", file: { id: "a" } },
    ...NOTHING,
  ], { id: "2" });
  await stage.clock.advance(500);
  assert.deepEqual(stage.names(), ["b.txt"]);
  const next = await stage.request();
  assert.equal(next.headers.get("last-event-id"), "2");
  next.cut();
  stage.setOnline(false);
  stage.setOnline(true);
  await stage.clock.advance(500);
  const last = await stage.request();
  assert.equal(last.headers.get("last-event-id"), "2");
  last.answerPoll([...NOTHING], { id: "3" });
  await stage.clock.advance(500);
  const stream = await stage.request();
  assert.ok(!isPoll(stream));
  assert.equal(stream.headers.get("last-event-id"), "3");
});

Deno.test("an id comes with the last event of its answer (SPEC 30)", async () => {
  const seen: unknown[] = [];
  using stage = startClientStage({
    options: { onEvent: ({ eventType }, id) => seen.push([eventType, id]) },
  });
  await startPolling(stage);
  assert.deepEqual(seen, [["reset", undefined], ["file-update", undefined], ["ready", "1"]]);
});

Deno.test("an event that can't be read takes the id of its answer with it (SPEC 30)", async () => {
  using stage = startClientStage();
  for (const bad of [null, 7, {}, { eventType: "file-update", file: {} }]) {
    for (const isLast of [true, false]) {
      const poll = isPoll(await stage.request())
        ? await stage.request()
        : await startPolling(stage);
      const id = poll.headers.get("last-event-id");
      const good = { eventType: "file-update", file: exampleFile("a", { revision: 2 }) };
      const events = isLast ? [good, bad] : [bad, good];
      const text = JSON.stringify({ events, id: "lost", more: false, retry: 500 });
      poll.refuse(200, text, { "content-type": "application/json" });
      await stage.settle();
      assert.equal(stage.files.connection.value.reason, "invalid-event");
      await stage.clock.advance(500);
      assert.equal((await stage.request()).headers.get("last-event-id"), id);
    }
  }
});

Deno.test("a reset voids the id, though the rest of its answer can't be read (SPEC 30)", async () => {
  using stage = startClientStage();
  const poll = await startPolling(stage);
  const events = [{ eventType: "reset" }, { eventType: "heartbeat" }, null];
  poll.refuse(200, JSON.stringify({ events, id: "2", more: false, retry: 500 }), {
    "content-type": "application/json",
  });
  await stage.clock.advance(500);
  const next = await stage.request();
  assert.equal(next.headers.get("last-event-id"), "");
});

Deno.test("the first poll is answered at once, the others may be held (SPEC 31)", async () => {
  using stage = startClientStage({ options: { fileIds: ["a"] } });
  const held = await startPolling(stage);
  const [first] = stage.requests.filter(isPoll);
  assert.equal(first!.url.search, "?file_id=a");
  assert.equal(held.url.search, "?file_id=a&wait=25");
});

Deno.test("polls follow each other, and the page is told of none of them (SPEC 31)", async () => {
  using stage = startClientStage();
  let poll = await startPolling(stage);
  const told = stage.states.length;
  for (let number = 2; number < 5; number++) {
    await stage.clock.advance(24_000);
    poll.answerPoll([{ eventType: "file-update", file: exampleFile("a", { revision: number }) }], {
      id: `${number}`,
    });
    await stage.clock.advance(499);
    assert.equal(stage.requests.at(-1), poll, "half a second lies between two");
    assert.equal(stage.files.get("a")!.revision, number);
    await stage.clock.advance(1);
    assert.notEqual(await stage.request(), poll);
    poll = await stage.request();
  }
  assert.deepEqual(stage.states.slice(told), []);
  assert.equal(stage.files.connection.value.state, "live");
});

Deno.test("what the server has more is asked for at once, and not called live (SPEC 31)", async () => {
  using stage = startClientStage();
  const first = await silenceStreams(stage);
  first.answerPoll([
    { eventType: "reset" },
    { eventType: "file-update", file: exampleFile("a") },
  ], { id: "1", more: true });
  await stage.clock.advance(0);
  const second = await stage.request();
  assert.notEqual(second, first);
  assert.deepEqual([stage.names(), stage.files.connection.value.state], [[], "loading"]);
  second.answerPoll([
    { eventType: "file-update", file: exampleFile("b") },
    ...NOTHING,
  ], { id: "2" });
  await stage.settle();
  assert.deepEqual(stage.names(), ["b.txt", "a.txt"]);
  assert.equal(stage.files.connection.value.state, "live");
});

Deno.test("each poll asks for its token, and a refused one is replaced (SPEC 31)", async () => {
  const asked: boolean[] = [];
  const getToken = ({ fresh }: { fresh: boolean }) => {
    asked.push(fresh);
    return tokenOf("ada", fresh ? 2 : 1);
  };
  using stage = startClientStage({ options: { getToken } });
  const poll = await startPolling(stage);
  assert.equal(asked.length, stage.requests.length);
  asked.length = 0;
  poll.refuse(401);
  const next = await stage.request();
  assert.deepEqual(asked, [false, true]);
  assert.equal(next.token, tokenOf("ada", 2));
  assert.ok(isPoll(next));
});

Deno.test("a poll that fails is repeated as a poll (SPEC 31)", async () => {
  using stage = startClientStage();
  const poll = await startPolling(stage);
  poll.refuse(502);
  await stage.settle();
  assert.equal(stage.states.at(-1), "reconnecting (status-502)");
  await stage.clock.advance(500);
  const next = await stage.request();
  assert.ok(isPoll(next));
  assert.equal(next.url.search, "", "it is answered at once");
  assert.equal(stage.files.transport, "polling");
});

Deno.test("the wait after `closing` is that of the answer (SPEC 31)", async () => {
  using stage = startClientStage();
  const poll = await startPolling(stage);
  poll.answerPoll([{ eventType: "closing", reason: "setup-required" }], {
    id: "1",
    retry: 300_000,
  });
  await stage.clock.advance(299_999);
  assert.equal(stage.requests.at(-1), poll);
  assert.equal(stage.states.at(-1), "reconnecting (setup-required)");
  await stage.clock.advance(1);
  assert.notEqual(stage.requests.at(-1), poll);
});

Deno.test("an answer that says no time to wait leaves that of the last one (SPEC 31)", async () => {
  using stage = startClientStage();
  const poll = await startPolling(stage);
  const closing = { eventType: "closing", reason: "shutdown" } as const;
  poll.answerPoll([closing], { id: "1", retry: null as unknown as number });
  await stage.clock.advance(499);
  assert.equal(stage.requests.at(-1), poll);
});

Deno.test("an answer that breaks off is a trouble of the network (SPEC 31)", async () => {
  using stage = startClientStage();
  const poll = await startPolling(stage);
  poll.begin({ headers: { "content-type": "application/json" } }).write(`{"events":[`);
  await stage.settle();
  poll.cut();
  await stage.settle();
  assert.equal(stage.states.at(-1), "reconnecting (network)");
});

Deno.test("after ten minutes a stream is tried, and nobody is told while it may work (SPEC 32)", async () => {
  using stage = startClientStage();
  let poll = await startPolling(stage);
  const told = stage.states.length;
  for (let seconds = 0; isPoll(poll); seconds += 25) {
    assert.ok(seconds < 700, "no stream is tried");
    await stage.clock.advance(24_500);
    poll.answerPoll([...NOTHING], { id: "2" });
    await stage.clock.advance(500);
    poll = await stage.request();
  }
  assert.deepEqual(stage.states.slice(told), []);
  // It is silent once, and the next request is a poll, answered at once.
  poll.begin();
  await stage.clock.advance(10_000);
  const next = await stage.request();
  assert.ok(isPoll(next));
  assert.equal(next.url.search, "");
  next.answerPoll([...NOTHING], { id: "3" });
  await stage.settle();
  assert.equal(stage.files.transport, "polling");
});

Deno.test("a stream that works again ends the polling (SPEC 32)", async () => {
  using stage = startClientStage();
  const poll = await startPolling(stage);
  stage.setOnline(true);
  poll.answerPoll([...NOTHING], { id: "2" });
  await stage.clock.advance(500);
  const stream = (await stage.request()).begin().send({ eventType: "ready" }, "3");
  assert.ok(!isPoll(stream));
  await stage.settle();
  assert.equal(stage.files.transport, "stream");
  stream.send({ eventType: "heartbeat" }).end();
  await stage.clock.advance(500);
  assert.ok(!isPoll(await stage.request()));
});

Deno.test("who listens to the connection is told when streams work again (SPEC 32)", async () => {
  using stage = startClientStage();
  const told: string[] = [];
  stage.files.connection.subscribe(({ transport }) => told.push(transport));
  const poll = await startPolling(stage);
  stage.setOnline(true);
  poll.answerPoll([...NOTHING], { id: "2" });
  await stage.clock.advance(500);
  (await stage.request()).begin().send({ eventType: "ready" }, "3");
  await stage.settle();
  assert.equal(told.at(-1), "stream");
  assert.equal(stage.files.transport, "stream");
});

Deno.test("a clock that is set back doesn't prolong the polling (SPEC 32)", async () => {
  using stage = startClientStage();
  const poll = await startPolling(stage);
  stage.clock.jump(-86_400_000);
  poll.answerPoll([...NOTHING], { id: "2" });
  await stage.clock.advance(500);
  assert.ok(!isPoll(await stage.request()));
});
