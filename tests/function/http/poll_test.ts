import assert from "node:assert/strict";
import { openPoll } from "../../../supabase/functions/file-events/http/poll.ts";
import type { FileChange } from "../../../supabase/functions/file-events/stream/file_change.ts";
import type { OutboxEntry } from "../../../supabase/functions/file-events/stream/outbox.ts";
import type { MessageWriter } from "../../../supabase/functions/file-events/stream/outbox_writer.ts";
import { renderEntry } from "../../../supabase/functions/file-events/stream/stream_message.ts";
import { deleted, fileId, updated, upTo } from "../../support/example_change.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { createStreamStage } from "../stream/open_stream.ts";

const RETRY = 2_140;

interface TestPollOptions {
  readonly lastEventId?: string | null;
  readonly waitMs?: number;
  readonly fileIds?: readonly string[];
}

interface Answer {
  /** `1:5` for file 1 at revision 5, `-1` for its deletion, or else the event's type. */
  readonly events: string[];
  readonly id: string | null;
  readonly more: boolean;
  readonly retry: number;
}

/** What polls play on, with a feed that is live. */
function createPollStage() {
  const stage = createStreamStage();
  const { openFileStream, caller, clock } = stage;

  /** Sends a request. `client.abort()` leaves. */
  async function poll(
    { lastEventId = null, waitMs = 25_000, fileIds }: TestPollOptions = {},
  ) {
    const client = new AbortController();
    const parameters = { lastEventId, fileIds: fileIds ?? null, snapshot: true, isPoll: true };
    const { stream, response } = openPoll(
      (writer) => openFileStream(caller, parameters, writer),
      { lastEventId, waitMs, retry: RETRY, client: client.signal, clock },
    );
    let answer: Answer | undefined;
    let error: unknown;
    response.then(async (it) => answer = await read(it), (it) => error = it);
    await settle();
    return {
      stream,
      client,
      response,
      /** The answer, if it has left. */
      answer: () => answer,
      error: () => error,
    };
  }

  /** A poll that is held, because nothing has changed since `c1`. It covers what is below 10. */
  async function pollHeld(options: TestPollOptions = {}) {
    const held = await poll({ lastEventId: "c1", ...options });
    await stage.feed.emit({ kind: "live" });
    while (stage.database.waiting > 0) {
      await stage.database.answer({ coverage: upTo(10n), revision: 9 });
      await clock.advance(250);
    }
    assert.equal(held.answer(), undefined);
    return held;
  }
  return { ...stage, poll, pollHeld };
}

async function read(response: Response): Promise<Answer> {
  const { events, ...rest } = await response.json();
  return { ...rest, events: events.map(describe) };
}

// deno-lint-ignore no-explicit-any -- the JSON of any event
function describe({ eventType, file, reason }: any): string {
  const number = Number(file?.id.slice(-12));
  if (eventType === "file-update") return `${number}:${file.revision}`;
  return eventType === "file-deleted" ? `-${number}` : reason ?? eventType;
}

/** So many new files. */
function files(count: number, from = 1): FileChange[] {
  return Array.from(
    { length: count },
    (_, n) => updated({ id: fileId(from + n), revision: from + n }),
  );
}

Deno.test("openPoll() answers a first request with a snapshot, as soon as it is ready", async () => {
  const { database, poll, clock } = createPollStage();
  const { response, answer, stream } = await poll();
  const changes = [updated({ revision: 5 }), deleted({ id: fileId(2), revision: 6 })];
  await database.answer({ cursor: "c1", reset: true, changes });
  assert.deepEqual(answer(), {
    events: ["reset", "1:5", "-2", "ready"],
    id: "c1",
    more: false,
    retry: RETRY,
  });
  const { status, headers } = await response;
  assert.equal(status, 200);
  assert.deepEqual(Object.fromEntries(headers), {
    "cache-control": "no-store",
    "content-type": "application/json",
  });
  assert.ok(stream.signal.aborted, "the stream has ended");
  assert.equal(clock.pending, 0);
});

Deno.test("openPoll() tells a user without files so, and holds nothing", async () => {
  const { database, poll } = createPollStage();
  const { answer } = await poll();
  await database.answer({ cursor: "c1", reset: true });
  assert.deepEqual(answer()?.events, ["reset", "ready"]);
});

Deno.test("openPoll() answers with what has changed since the id, as soon as it is ready", async () => {
  const { database, poll } = createPollStage();
  const { answer } = await poll({ lastEventId: "c1" });
  assert.deepEqual(database.queries.map(({ since }) => since), ["c1"]);
  await database.answer({ cursor: "c2", changes: [updated({ revision: 5 })] });
  assert.deepEqual(answer(), { events: ["1:5", "ready"], id: "c2", more: false, retry: RETRY });
});

Deno.test("openPoll() holds the answer from ready on if nothing has changed, as long as it may", async () => {
  const { database, poll, clock } = createPollStage();
  const { answer } = await poll({ lastEventId: "c1", waitMs: 5_000 });
  await clock.advance(3_000);
  await database.answer({ cursor: "c2" });
  await clock.advance(4_999);
  assert.equal(answer(), undefined);
  await clock.advance(1);
  assert.deepEqual(answer(), { events: ["ready"], id: "c2", more: false, retry: RETRY });
  assert.equal(clock.pending, 0);
});

Deno.test("openPoll() answers at ready if it may not wait", async () => {
  const { database, poll } = createPollStage();
  const { answer } = await poll({ lastEventId: "c1", waitMs: 0 });
  await database.answer({ cursor: "c2" });
  assert.deepEqual(answer()?.events, ["ready"]);
});

Deno.test("openPoll() queries what the feed delivers, so that the id covers it", async () => {
  const { clock, feed, database, pollHeld } = createPollStage();
  const { answer } = await pollHeld();
  await feed.emit({ kind: "change", change: updated({ revision: 10 }) });
  await clock.advance(100);
  assert.equal(database.queries.at(-1)?.since, "c1");
  assert.equal(answer(), undefined);
  await database.answer({
    cursor: "c2",
    coverage: upTo(11n),
    changes: [updated({ revision: 10 })],
  });
  assert.deepEqual(answer(), { events: ["ready", "1:10"], id: "c2", more: false, retry: RETRY });
  assert.equal(database.waiting, 0);
  assert.equal(clock.pending, 0);
});

Deno.test("openPoll() collects changes for 100 ms, and queries them together", async () => {
  const { clock, feed, database, pollHeld } = createPollStage();
  const { answer } = await pollHeld();
  const before = database.queries.length;
  const change = (revision: number) => updated({ id: fileId(revision), revision });
  await feed.emit({ kind: "change", change: change(10) });
  await clock.advance(99);
  await feed.emit({ kind: "change", change: change(11) });
  assert.equal(database.queries.length, before);
  await clock.advance(1);
  await database.answer({ cursor: "c2", coverage: upTo(12n), changes: [change(10), change(11)] });
  assert.deepEqual(answer()?.events, ["ready", "10:10", "11:11"]);
  assert.equal(answer()?.id, "c2");
  assert.equal(database.queries.length, before + 1);
});

Deno.test("openPoll() queries for no change that it has, and for none of other files", async () => {
  const { clock, feed, database, pollHeld } = createPollStage();
  await pollHeld({ fileIds: [fileId(1)] });
  const before = database.queries.length;
  await feed.emit({ kind: "change", change: updated({ revision: 9 }) });
  await feed.emit({ kind: "change", change: updated({ id: fileId(2), revision: 10 }) });
  await clock.advance(100);
  assert.equal(database.queries.length, before);
  await feed.emit({ kind: "change", change: updated({ revision: 11 }) });
  await clock.advance(100);
  assert.equal(database.queries.length, before + 1);
});

Deno.test("openPoll() queries again for a change that a query in progress may lack", async () => {
  const { clock, feed, database, pollHeld } = createPollStage();
  const { answer } = await pollHeld();
  await feed.emit({ kind: "hint" });
  await clock.advance(100);
  await feed.emit({ kind: "change", change: updated({ revision: 10 }) });
  await database.answer({ coverage: upTo(10n) });
  await clock.advance(250);
  await database.answer({
    cursor: "c2",
    coverage: upTo(11n),
    changes: [updated({ revision: 10 })],
  });
  assert.deepEqual(answer()?.events, ["ready", "1:10"]);
});

Deno.test("openPoll() queries anew for a change that the rest of a run may lack", async () => {
  const { clock, feed, database, poll } = createPollStage();
  const { answer } = await poll({ lastEventId: "c1" });
  await database.answer({ cursor: "c2", coverage: upTo(10n), more: true });
  await feed.emit({ kind: "change", change: updated({ revision: 10 }) });
  await database.fail();
  await clock.advance(1_000);
  await database.answer({ cursor: "c3", coverage: upTo(10n) });
  await clock.advance(250);
  assert.equal(database.waiting, 1);
  await database.answer({
    cursor: "c4",
    coverage: upTo(11n),
    changes: [updated({ revision: 10 })],
  });
  await clock.advance(100);
  assert.deepEqual(answer()?.events, ["ready", "1:10"]);
});

Deno.test("openPoll() leaves behind a page if the next one may not fit, and queries for no other", async () => {
  const { database, poll } = createPollStage();
  const first = await poll();
  await database.answer({ cursor: "c500", reset: true, more: true, changes: files(500) });
  assert.equal(first.answer()?.events.length, 501);
  const { id, more, retry } = first.answer()!;
  assert.deepEqual({ id, more, retry }, { id: "c500", more: true, retry: RETRY });
  assert.equal(database.waiting, 0);

  const second = await poll({ lastEventId: "c500" });
  await database.answer({ cursor: "c1000", more: true, changes: files(500, 501) });
  assert.equal(second.answer(), undefined);
  await database.answer({ cursor: "c1500", more: true, changes: files(500, 1_001) });
  assert.equal(second.answer()?.events.length, 1_000);
  assert.equal(second.answer()?.id, "c1500");
  assert.equal(second.answer()?.more, true);
  assert.equal(database.waiting, 0);

  const third = await poll({ lastEventId: "c1500" });
  await database.answer({ cursor: "c1501", changes: files(1, 1_501) });
  assert.deepEqual(third.answer()?.events, ["1501:1501", "ready"]);
  assert.equal(third.answer()?.more, false);
});

Deno.test("openPoll() answers after 20 s with what there is, if the run takes longer", async () => {
  const { clock, database, poll } = createPollStage();
  const { answer } = await poll();
  await clock.advance(10_000);
  await database.answer({ cursor: "c1", reset: true, more: true, changes: files(2) });
  await clock.advance(9_999);
  assert.equal(answer(), undefined);
  await clock.advance(1);
  assert.deepEqual(answer(), {
    events: ["reset", "1:1", "2:2"],
    id: "c1",
    more: true,
    retry: RETRY,
  });
});

Deno.test("openPoll() is refused after 20 s without an event: UPSTREAM_UNAVAILABLE", async () => {
  const { clock, database, poll } = createPollStage();
  const { error, stream } = await poll({ lastEventId: "c1" });
  // Heartbeats are no events of a poll.
  for (let second = 0; second < 20; second++) {
    assert.equal(error(), undefined);
    if (database.waiting > 0) await database.fail();
    await clock.advance(1_000);
  }
  assert.equal((error() as { code?: string }).code, "UPSTREAM_UNAVAILABLE");
  assert.ok(stream.signal.aborted);
  assert.equal(clock.pending, 0);
});

Deno.test("openPoll() begins anew with a later reset, and is ready after its snapshot", async () => {
  const { clock, feed, database, pollHeld } = createPollStage();
  const { answer } = await pollHeld();
  await feed.emit({ kind: "hint" });
  await clock.advance(100);
  await database.answer({ cursor: "d1", reset: true, more: true, changes: files(2) });
  await clock.advance(10_000);
  assert.equal(answer(), undefined);
  await database.answer({ cursor: "d2", changes: files(1, 3) });
  assert.deepEqual(answer(), {
    events: ["reset", "1:1", "2:2", "3:3", "ready"],
    id: "d2",
    more: false,
    retry: RETRY,
  });
});

/** A poll whose stream says what the test says. */
function openScripted() {
  const clock = new FakeClock();
  let writer: MessageWriter | undefined;
  const { response } = openPoll((it) => {
    writer = it;
    return { signal: new AbortController().signal, sendHeartbeat() {} };
  }, {
    lastEventId: "c1",
    waitMs: 25_000,
    retry: RETRY,
    client: new AbortController().signal,
    clock,
  });
  const write = (entry: OutboxEntry) => writer?.write(renderEntry(entry, clock.now()));
  return { clock, write, answer: async () => await read(await response) };
}

Deno.test("openPoll() answers with no change that the id does not cover", async () => {
  const { clock, write, answer } = openScripted();
  write({ kind: "ready", cursor: "c2" });
  write({ kind: "change", change: updated({ revision: 5 }) });
  await clock.advance(25_000);
  assert.deepEqual(await answer(), { events: ["ready"], id: "c2", more: false, retry: RETRY });
});

Deno.test("openPoll() answers as soon as the id covers what has changed", async () => {
  const { clock, write, answer } = openScripted();
  write({ kind: "ready", cursor: "c2" });
  write({ kind: "change", change: updated({ revision: 5 }) });
  write({ kind: "change", change: updated({ id: fileId(2), revision: 6 }), cursor: "c3" });
  assert.equal(clock.pending, 0);
  assert.deepEqual((await answer()).events, ["ready", "1:5", "2:6"]);
});

Deno.test("openPoll() has no heartbeat in its answer, but its id", async () => {
  const { clock, write, answer } = openScripted();
  write({ kind: "ready", cursor: "c2" });
  await clock.advance(20_000);
  write({ kind: "heartbeat", cursor: "c3" });
  await clock.advance(5_000);
  assert.deepEqual(await answer(), { events: ["ready"], id: "c3", more: false, retry: RETRY });
});

Deno.test("openPoll() ends with closing if the server ends the stream, and says when to come back", async () => {
  const { clock, shutdown, pollHeld } = createPollStage();
  const { answer } = await pollHeld();
  shutdown.abort();
  await settle();
  assert.deepEqual(answer(), {
    events: ["ready", "shutdown"],
    id: "c1",
    more: false,
    retry: 2_000,
  });
  assert.equal(clock.pending, 0);
});

Deno.test("openPoll() is answered with closing by an isolate that is shutting down", async () => {
  const { clock, shutdown, poll } = createPollStage();
  shutdown.abort();
  const { answer } = await poll();
  assert.deepEqual(answer(), { events: ["shutdown"], id: null, more: false, retry: 2_000 });
  assert.equal(clock.pending, 0);
});

Deno.test("openPoll() ends when its client leaves, and leaves nothing behind", async (t) => {
  await t.step("while it is held", async () => {
    const { clock, feed, pollHeld } = createPollStage();
    const { client, error, stream } = await pollHeld();
    client.abort();
    await settle();
    assert.equal((error() as Error).name, "AbortError");
    assert.ok(stream.signal.aborted);
    assert.ok(feed.signal?.aborted);
    assert.equal(clock.pending, 0);
  });

  await t.step("before it is opened", async () => {
    const { openFileStream, caller, clock } = createPollStage();
    const parameters = { lastEventId: null, fileIds: null, snapshot: true, isPoll: true };
    const { response, stream } = openPoll(
      (writer) => openFileStream(caller, parameters, writer),
      { lastEventId: null, waitMs: 0, retry: RETRY, client: AbortSignal.abort(), clock },
    );
    await assert.rejects(response, { name: "AbortError" });
    await settle();
    assert.ok(stream.signal.aborted);
    assert.equal(clock.pending, 0);
  });
});

Deno.test("polls write one line a minute into the log, however many they are", async () => {
  const { database, poll, logged, caller, clock } = createPollStage();
  for (let n = 0; n < 10; n++) {
    await poll({ lastEventId: "c1", waitMs: 0 });
    await database.answer();
  }
  await clock.advance(60_000);
  await poll({ lastEventId: "c1", waitMs: 0 });
  await database.answer();
  const user = caller.userId;
  assert.deepEqual(logged, [
    { event: "polls answered", fields: { user, times: 1 } },
    { event: "polls answered", fields: { user, times: 10 } },
  ]);
});
