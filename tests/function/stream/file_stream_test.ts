import assert from "node:assert/strict";
import { FakeClock } from "../../support/fake_clock.ts";
import { deleted, fileId, updated, upTo } from "../../support/example_change.ts";
import {
  CATCH_UP_DISTANCE_MS,
  openReadyStream,
  openStream,
  READY_AFTER_MS,
} from "./open_stream.ts";
import type { FeedMessage } from "../../../supabase/functions/file-events/stream/file_feed.ts";
import type { FileChange } from "../../../supabase/functions/file-events/stream/file_change.ts";
import { ChangesError } from "../../../supabase/functions/file-events/stream/changes_since.ts";

const live = (change: FileChange): FeedMessage => ({ kind: "change", change });
const ping = (changedIn: number): FeedMessage => {
  return { kind: "ping", changedIn: BigInt(changedIn), concernsMany: false };
};
const unavailable = new ChangesError("no connection", { isRefusal: false });
/** A refusal; it has lasted if it has an end. */
const refused = (end?: ChangesError["end"]) =>
  new ChangesError("refused", { isRefusal: true, end });
/** The first heartbeat comes in the middle of the interval, as `random` is in the middle. */
const FIRST_BEAT_MS = 15_000;
/** File `n` at a revision. */
const file = (n: number, revision: number, changedIn = revision + 10) =>
  updated({ id: fileId(n), revision, changedIn });

Deno.test("file stream asks feed and database at once, and says nothing before they answer", async () => {
  const { client, feed, database } = await openStream();
  assert.deepEqual(await client.readAll(), []);
  assert.equal(database.waiting, 1);
  assert.equal(feed.caller?.token, "the.callers.token");
});

Deno.test("file stream begins with a reset, a snapshot and ready, without the feed", async () => {
  const { client, database } = await openStream();
  await database.answer({ cursor: "c1", reset: true, changes: [file(1, 1), file(2, 2)] });
  assert.deepEqual(await client.readAll(), [
    "reset@none",
    "1:1",
    "2:2@c1",
    "ready@c1",
  ]);
});

Deno.test("file stream asks once when it opens, if the feed is live in a moment", async () => {
  const { clock, client, feed, database } = await openStream({ isJoining: true });
  await clock.advance(149);
  assert.equal(database.waiting, 0, "waits for the feed");
  await feed.emit({ kind: "live" });
  await database.answer({ cursor: "c1", reset: true, changes: [file(1, 1)] });
  assert.deepEqual(await client.readAll(), ["reset@none", "1:1@c1", "ready@c1"]);
  await clock.advance(10_000);
  assert.equal(database.queries.length, 1);
});

Deno.test("file stream waits for the feed 150 ms at most, and asks again when it is live", async () => {
  const { clock, feed, database } = await openStream({ isJoining: true });
  await clock.advance(150);
  assert.equal(database.waiting, 1);
  await feed.emit({ kind: "live" });
  await database.answer({ cursor: "c1", reset: true });
  await clock.advance(CATCH_UP_DISTANCE_MS);
  assert.equal(database.queries.length, 2, "a change between the query and live may be missing");
});

Deno.test("file stream asks at once when the feed that it waits for sends a hint", async () => {
  const { feed, database } = await openStream({ isJoining: true });
  await feed.emit({ kind: "hint" });
  assert.equal(database.waiting, 1);
});

Deno.test("file stream asks once although the feed goes live and sends hints, until its query begins", async () => {
  const { clock, feed, database } = await openStream({ beginsAtOnce: false });
  await feed.emit({ kind: "live" }, { kind: "hint" }, live(file(1, 1)));
  database.begin();
  await database.answer({ cursor: "c1", reset: true, changes: [file(1, 1)] });
  await clock.advance(10_000);
  assert.equal(database.queries.length, 1);
});

Deno.test("file stream asks again when the feed goes live after its query has begun", async () => {
  const { clock, feed, database } = await openStream({ beginsAtOnce: false });
  database.begin();
  await feed.emit({ kind: "live" });
  await database.answer({ cursor: "c1", reset: true });
  await clock.advance(CATCH_UP_DISTANCE_MS);
  assert.equal(database.queries.length, 2);
});

Deno.test("file stream asks again when the feed goes live before the rest of a run of pages", async () => {
  const { clock, feed, database } = await openStream();
  await database.answer({ cursor: "p1", reset: true, more: true, changes: [file(1, 1)] });
  await database.fail();
  database.beginsAtOnce = false;
  await clock.advance(1_000);
  await feed.emit({ kind: "live" });
  database.begin();
  await database.answer({ cursor: "c1" });
  await clock.advance(CATCH_UP_DISTANCE_MS);
  assert.equal(database.queries.length, 4, "the run is older than the feed's report");
});

for (const message of [{ kind: "hint" }, { kind: "live" }] as const) {
  Deno.test(`file stream asks again after a run of pages that failed before a ${message.kind}`, async () => {
    const { clock, feed, database, client } = await openStream();
    await database.answer({ cursor: "p1", more: true, reset: true });
    await client.readAll();
    await database.fail();
    await feed.emit(message);
    await clock.advance(CATCH_UP_DISTANCE_MS);
    assert.equal(database.queries.at(-1)?.since, "p1");
    await database.answer({ cursor: "p2" });
    await clock.advance(CATCH_UP_DISTANCE_MS);
    assert.equal(database.queries.at(-1)?.since, "p2");
  });
}

Deno.test("file stream retries at the ordinary pace when a query fails before it has begun", async () => {
  const { clock, feed, database } = await openStream({ beginsAtOnce: false });
  await feed.emit({ kind: "hint" });
  await database.fail("too many queries wait");
  await clock.advance(999);
  assert.equal(database.waiting, 0);
  await clock.advance(1);
  assert.equal(database.waiting, 1);
});

Deno.test("file stream asks for all the caller's files when the client has no cursor", async () => {
  const { database } = await openStream();
  assert.deepEqual(database.queries, [{ since: null, fileIds: null, snapshot: true }]);
});

Deno.test("file stream sends a long snapshot page by page, as the client reads", async () => {
  const { client, database } = await openStream();
  const page = { reset: true, more: true, changes: [file(1, 1), file(2, 2)] };
  await database.answer({ cursor: "p1", ...page });
  assert.equal(database.waiting, 1, "the first page is on its way");
  await database.answer({ cursor: "p2", more: true, changes: [file(3, 3)] });
  assert.equal(database.waiting, 0, "the client has not read the first page");
  assert.deepEqual(await client.readAll(), ["reset@none", "1:1", "2:2@p1", "3:3@p2"]);
  await database.answer({ cursor: "c1", changes: [file(4, 4)] });
  assert.deepEqual(await client.readAll(), ["4:4@c1", "ready@c1"]);
  assert.deepEqual(database.queries.map(({ since }) => since), [null, "p1", "p2"]);
});

Deno.test("file stream resumes from a cursor without a reset", async () => {
  const { client, database } = await openStream({ parameters: { lastEventId: "c0" } });
  assert.equal(database.queries[0]?.since, "c0");
  await database.answer({ cursor: "c1", changes: [deleted({ id: fileId(2) }), file(1, 5)] });
  assert.deepEqual(await client.readAll(), ["-2", "1:5@c1", "ready@c1"]);
});

Deno.test("file stream resets a client whose cursor is of no use", async () => {
  const { client, database } = await openStream({ parameters: { lastEventId: "old" } });
  await database.answer({ cursor: "c1", reset: true, changes: [file(1, 5)] });
  assert.deepEqual(await client.readAll(), ["reset@none", "1:5@c1", "ready@c1"]);
});

Deno.test("file stream passes live changes on at once, of several files at a time", async () => {
  const { client, feed } = await openReadyStream();
  const changes = [
    updated({ id: fileId(1), status: "pending", progress: 0, revision: 1, changedIn: 11 }),
    updated({ id: fileId(2), status: "pending", progress: 0, revision: 2, changedIn: 12 }),
    updated({ id: fileId(1), status: "processing", progress: 50, revision: 3, changedIn: 13 }),
    updated({ id: fileId(1), status: "ready", revision: 4, changedIn: 14 }),
    updated({
      id: fileId(2),
      status: "failed",
      error_message: "empty",
      revision: 5,
      changedIn: 15,
    }),
    deleted({ id: fileId(1), revision: 6, changedIn: 16 }),
  ];
  const received: string[] = [];
  for (const change of changes) {
    await feed.emit(live(change));
    received.push(...await client.readAll());
  }
  assert.deepEqual(received, ["1:1", "2:2", "1:3", "1:4", "2:5", "-1"]);
});

Deno.test("file stream drops live changes that are doubled or out of order", async () => {
  const { client, feed } = await openReadyStream();
  await feed.emit(live(file(1, 5)));
  assert.deepEqual(await client.readAll(), ["1:5"]);
  await feed.emit(
    live(file(1, 5)),
    live(file(1, 4)),
    live(deleted({ id: fileId(1), revision: 3 })),
  );
  assert.deepEqual(await client.readAll(), []);
});

Deno.test("file stream loses no live change that arrives before the first page", async () => {
  const { clock, client, feed, database } = await openStream();
  await feed.emit(live(file(1, 2)));
  await database.answer({ cursor: "c1", coverage: upTo(5n), reset: true, changes: [file(1, 1)] });
  assert.deepEqual(await client.readAll(), ["reset@none", "1:1@c1", "ready@c1"]);
  await clock.advance(CATCH_UP_DISTANCE_MS);
  assert.equal(database.waiting, 1, "asks again for what the page may lack");
  await database.answer({ cursor: "c2", coverage: upTo(5n), changes: [file(1, 2)] });
  assert.deepEqual(await client.readAll(), ["1:2@c2"]);
});

Deno.test("file stream catches up when the feed goes live, and live again", async () => {
  const { client, feed, database } = await openReadyStream();
  await feed.emit({ kind: "live" });
  assert.equal(database.waiting, 1);
  await database.answer({ cursor: "c2", changes: [file(1, 1)] });
  assert.deepEqual(await client.readAll(), ["1:1@c2"], "ready comes once a connection");
});

Deno.test("file stream catches up on a hint; hints during a catch-up cause one more, soon after", async () => {
  const { clock, feed, database } = await openReadyStream();
  await feed.emit({ kind: "hint" });
  await feed.emit({ kind: "hint" }, { kind: "hint" });
  assert.equal(database.waiting, 1, "one at a time");
  await database.answer();
  await clock.advance(CATCH_UP_DISTANCE_MS - 1);
  assert.equal(database.waiting, 0);
  await clock.advance(1);
  assert.equal(database.waiting, 1);
  await database.answer();
  await clock.advance(CATCH_UP_DISTANCE_MS);
  assert.equal(database.waiting, 0);
});

Deno.test("file stream catches up every minute while the feed is live and nothing in progress", async () => {
  const { clock, database } = await openReadyStream();
  await clock.advance(59_999 - CATCH_UP_DISTANCE_MS);
  assert.equal(database.waiting, 0);
  await clock.advance(1);
  assert.equal(database.waiting, 1);
});

Deno.test("file stream catches up after 5 s when a file in progress falls silent", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  await feed.emit(live(updated({ status: "processing", revision: 1, changedIn: 20 })));
  await clock.advance(4_000);
  await feed.emit(live(updated({ status: "processing", revision: 2, changedIn: 21 })));
  await client.readAll();
  await clock.advance(4_999);
  assert.equal(database.waiting, 0, "while changes arrive there is no hurry");
  await clock.advance(1);
  assert.equal(database.waiting, 1);
});

Deno.test("file stream queries for no ping, and takes it for a sign that changes arrive", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  await feed.emit(live(updated({ status: "processing", revision: 1, changedIn: 20 })));
  await clock.advance(4_000);
  await feed.emit(ping(21));
  await client.readAll();
  await clock.advance(4_999);
  assert.equal(database.waiting, 0);
  await clock.advance(1);
  assert.equal(database.waiting, 1);
});

Deno.test("file stream stays open while the feed is down, and catches up every few seconds", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  await feed.emit({ kind: "down" });
  await clock.advance(5_000);
  await database.answer({ cursor: "c2", changes: [file(1, 1)] });
  assert.deepEqual(await client.readAll(), ["1:1@c2"]);
  await clock.advance(5_000);
  await database.answer();
  await clock.advance(9_999);
  assert.equal(database.waiting, 0, "less often while that finds nothing");
  await clock.advance(1);
  assert.equal(database.waiting, 1);
});

Deno.test("file stream stays open when a catch-up fails, and tries again, ever less often", async () => {
  const { clock, client, database, logged } = await openStream();
  await database.fail("statement timeout");
  await clock.advance(999);
  assert.equal(database.waiting, 0);
  await clock.advance(1);
  await database.fail();
  await clock.advance(2_000);
  await database.answer({ cursor: "c1", reset: true, changes: [file(1, 1)] });
  assert.deepEqual(
    (await client.readAll()).filter((message) => message !== "heartbeat"),
    ["reset@none", "1:1@c1", "ready@c1"],
  );
  const failures = logged.filter(({ event }) => event === "catch-up failed");
  assert.equal(failures.length, 1, "one line a minute");
  assert.match(String(failures[0]?.fields?.error), /statement timeout/);
});

Deno.test("file stream shares its lines of failures with all others, a line a minute", async () => {
  const { clock, database, client, logged } = await openStream();
  const startedAt = clock.now();
  while (clock.now() < startedAt + 70_000) {
    if (database.waiting > 0) await database.fail();
    await clock.advance(1_000);
    await client.readAll();
  }
  const failures = logged.filter(({ event }) => event === "catch-up failed");
  assert.equal(failures.length, 2);
  assert.ok(Number(failures[1]?.fields?.times) > 3, "it says how many there were");
});

Deno.test("file stream leaves the log to whoever judges a fault of the database for all streams", async () => {
  const { database, logged } = await openStream();
  await database.fail(unavailable);
  assert.deepEqual(logged.map(({ event }) => event), ["stream opened"]);
});

Deno.test("file stream asks again after seven seconds when it is refused, then ever less often", async () => {
  const { clock, client, database } = await openStream();
  for (const wait of [7_500, 15_000, 30_000, 60_000, 60_000]) {
    await database.fail(refused());
    await clock.advance(wait - 1);
    assert.equal(database.waiting, 0);
    await clock.advance(1);
    assert.equal(database.waiting, 1);
    await client.readAll();
  }
  await database.answer({ cursor: "c1", reset: true });
  assert.deepEqual(await client.readAll(), ["reset@none", "ready@c1"]);
});

Deno.test("file stream ends at once when the database waits for its operator, and sends its client away for long", async () => {
  const { clock, client, database, feed } = await openStream();
  await database.fail(refused("setup-required"));
  assert.equal(feed.signal?.reason, "setup-required");
  assert.deepEqual(await client.readAll(), ["closing: setup-required, retry 300000", "end"]);
  assert.equal(clock.pending, 0);
});

Deno.test("file stream ends within five seconds when the database refuses its token for good", async () => {
  const { clock, client, database } = await openStream();
  await database.fail(refused("token-expired"));
  await clock.advance(2_499);
  assert.deepEqual(await client.readAll(), []);
  await clock.advance(1);
  assert.deepEqual(await client.readAll(), ["closing: token-expired, retry 2000", "end"]);
  assert.equal(clock.pending, 0);
});

Deno.test("file stream goes on from the last page when a catch-up fails in the middle", async () => {
  const { clock, client, database } = await openStream();
  await database.answer({ cursor: "p1", reset: true, more: true, changes: [file(1, 1)] });
  assert.deepEqual(await client.readAll(), ["reset@none", "1:1@p1"]);
  await database.fail();
  await clock.advance(10_000);
  await database.answer({ cursor: "c1", changes: [file(2, 2)] });
  assert.deepEqual(await client.readAll(), ["2:2@c1", "ready@c1"]);
  assert.deepEqual(database.queries.map(({ since }) => since), [null, "p1", "p1"]);
});

Deno.test("file stream sends nothing twice that a catch-up finds again", async () => {
  const { client, feed, database } = await openReadyStream();
  await feed.emit(live(file(1, 1)), { kind: "hint" });
  assert.deepEqual(await client.readAll(), ["1:1"]);
  await database.answer({ cursor: "c2", coverage: upTo(11n), changes: [file(1, 1)] });
  assert.deepEqual(await client.readAll(), []);
});

Deno.test("file stream drops a live change that a catch-up has covered", async () => {
  const { client, feed, database } = await openReadyStream();
  await feed.emit({ kind: "hint" });
  await database.answer({ cursor: "c2", coverage: upTo(100n), changes: [file(1, 2, 12)] });
  assert.deepEqual(await client.readAll(), ["1:2@c2"]);
  await feed.emit(live(file(1, 1, 11)), live(file(1, 2, 12)));
  assert.deepEqual(await client.readAll(), []);
});

Deno.test("file stream asks the database about a live change that may be older than what it sent", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  await feed.emit({ kind: "hint" });
  await database.answer({ cursor: "c2", coverage: upTo(15n), changes: [file(1, 6, 10)] });
  assert.deepEqual(await client.readAll(), ["1:6@c2"]);
  await feed.emit(live(file(1, 5, 20)));
  await clock.advance(CATCH_UP_DISTANCE_MS);
  assert.equal(database.waiting, 1);
  await database.answer({ cursor: "c3", coverage: upTo(21n) });
  assert.deepEqual(await client.readAll(), [], "the older state is never sent");
});

Deno.test("file stream sends a heartbeat every 30 s, with the cursor of what was sent before, if the client lacks it", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  await clock.advance(FIRST_BEAT_MS - READY_AFTER_MS);
  assert.deepEqual(await client.readAll(), ["heartbeat"]);
  await clock.advance(29_999);
  assert.deepEqual(await client.readAll(), []);
  await clock.advance(1);
  assert.deepEqual(await client.readAll(), ["heartbeat"]);
  await feed.emit(live(file(1, 1)), { kind: "hint" });
  await database.answer({ cursor: "c2", changes: [file(1, 1)] });
  await clock.advance(30_000);
  assert.deepEqual(await client.readAll(), ["1:1", "heartbeat@c2"]);
  await clock.advance(30_000);
  assert.deepEqual(await client.readAll(), ["heartbeat"]);
});

Deno.test("file stream spreads the heartbeats of streams that open together over the interval", async () => {
  for (const [random, firstBeat] of [[0.001, 30], [0.5, 15_000], [0.999, 29_970]] as const) {
    const { clock, client } = await openStream({ random: () => random });
    await clock.advance(firstBeat - 1);
    assert.deepEqual(await client.readAll(), []);
    await clock.advance(1);
    assert.deepEqual(await client.readAll(), ["heartbeat"]);
  }
});

Deno.test("file stream sends heartbeats without an id while nothing is caught up", async () => {
  const { clock, client } = await openStream();
  await clock.advance(30_000);
  assert.deepEqual(await client.readAll(), ["heartbeat"]);
});

Deno.test("file stream catches up though the client never reads as fast as files change", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  let revision = 0;
  const change = () => feed.emit(...[1, 2, 3].map((n) => live(file(n, ++revision))));
  await change();
  await feed.emit({ kind: "hint" });
  for (let n = 0; n < 10; n++) {
    await client.read(1);
    await change();
  }
  assert.equal(database.waiting, 1);
  await database.answer({ cursor: "c2" });
  await clock.advance(30_000);
  const received = await client.readAll();
  assert.equal(received.filter((message) => message.endsWith("@c2")).length, 1);
});

Deno.test("file stream resends what it has forgotten at the ordinary pace, and blames no feed", async () => {
  const { clock, client, feed, database } = await openReadyStream({ maxFiles: 4 });
  const rows = Array.from({ length: 5 }, (_, n) => file(n, n + 1));
  await feed.emit({ kind: "hint" });
  for (let minute = 0; minute < 5; minute++) {
    // A transaction that stays open holds the horizon below all of them.
    await database.answer({
      cursor: "c1",
      coverage: upTo(10n),
      more: true,
      changes: rows.slice(0, 3),
    });
    await client.readAll();
    await database.answer({ cursor: "c1", coverage: upTo(10n), changes: rows.slice(3) });
    await client.readAll();
    await clock.advance(59_999);
    assert.equal(database.waiting, 0, `minute ${minute}`);
    await clock.advance(1);
    assert.equal(database.waiting, 1, `minute ${minute}`);
  }
  assert.equal(feed.rejoins, 0);
});

Deno.test("file stream sends a slow client the newest state of each file, once", async () => {
  const { client, feed } = await openReadyStream();
  for (let revision = 1; revision <= 50; revision++) {
    await feed.emit(live(file(1 + revision % 2, revision)));
  }
  assert.deepEqual(await client.readAll(), ["2:1", "1:50", "2:49"], "the first is on its way");
});

Deno.test("file stream serves a client that is too slow from the database, and loses nothing", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  await feed.emit(...Array.from({ length: 1001 }, (_, n) => live(file(n, n + 1))));
  assert.equal(database.waiting, 0, "waits until the client reads");
  assert.deepEqual(await client.readAll(), ["heartbeat"]);
  assert.equal(database.waiting, 1);
  assert.equal(database.queries.at(-1)?.since, "c1", "the last cursor that was sent");
  await feed.emit(live(file(1001, 1002)));

  const rows = Array.from({ length: 1002 }, (_, n) => file(n, n + 1));
  const page = (from: number, cursor: string) =>
    database.answer({ cursor, more: from < 1000, changes: rows.slice(from, from + 500) });
  const received: string[] = [];
  await page(0, "p1");
  assert.equal(database.waiting, 0, "the next page waits for the client");
  received.push(...await client.readAll());
  await page(500, "p2");
  received.push(...await client.readAll());
  await page(1000, "c2");
  received.push(...await client.readAll());
  const ids = received.map((message) => message.split("@")[0]);
  assert.deepEqual(ids, rows.map(({ revision }) => `${revision - 1}:${revision}`));
  assert.deepEqual(received.filter((message) => message.includes("@")), [
    "499:500@p1",
    "999:1000@p2",
    "1001:1002@c2",
  ]);

  await clock.advance(CATCH_UP_DISTANCE_MS);
  await database.answer({ cursor: "c2" });
  await feed.emit(live(file(1, 2000)));
  assert.deepEqual(await client.readAll(), ["1:2000"], "live changes pass again");
});

Deno.test("file streams whose clients don't read keep little for them, and lose nothing", async () => {
  const error_message = "x".repeat(3_700);
  const changes = Array.from({ length: 500 }, (_, n) => {
    return updated({ id: fileId(n), revision: n + 1, changedIn: 11, error_message });
  });
  const page = { cursor: "c1", coverage: upTo(100n), reset: true, changes };
  const { database, open } = await openStream();
  await database.answer(page);
  const others = [];
  for (let n = 0; n < 9; n++) {
    others.push(await open());
    await database.answer(page);
  }
  assert.equal(database.waiting, 0, "a client that does not read is not asked for");
  const last = others.pop()!;
  assert.deepEqual(await last.readAll(), ["heartbeat"]);
  assert.equal(database.waiting, 1, "it reads: what was dropped is asked for again");
  await database.answer(page);
  const received = await last.readAll();
  assert.deepEqual(received.slice(0, 2), ["reset@none", "0:1"]);
  assert.deepEqual(received.slice(-2), ["499:500@c1", "ready@c1"]);
});

Deno.test("file stream drops a page that was asked for before an overflow", async () => {
  const { client, feed, database } = await openReadyStream();
  await feed.emit({ kind: "hint" });
  await feed.emit(...Array.from({ length: 1001 }, (_, n) => live(file(n, n + 10))));
  await database.answer({ cursor: "c2", changes: [file(1, 1)] });
  assert.deepEqual(await client.readAll(), ["heartbeat"]);
  assert.equal(database.queries.at(-1)?.since, "c1");
  assert.equal(database.waiting, 1);
});

Deno.test("file stream ends a client that leaves two heartbeats unread: slow-consumer", async () => {
  const { clock, client, feed } = await openReadyStream();
  await clock.advance(FIRST_BEAT_MS - READY_AFTER_MS);
  assert.deepEqual(await client.read(1), ["heartbeat"]);
  await clock.advance(60_000);
  await feed.emit(live(file(1, 1)));
  await clock.advance(29_999);
  assert.equal(feed.signal?.aborted, false, "two heartbeats wait, no third is due");
  await clock.advance(1);
  assert.equal(feed.signal?.reason, "slow-consumer");
  assert.deepEqual(await client.readAll(), [
    "heartbeat",
    "closing: slow-consumer, retry 2000",
    "end",
  ]);
});

Deno.test("file stream keeps a client that reads slowly but does read", async () => {
  const { clock, client, feed } = await openReadyStream();
  await feed.emit(...Array.from({ length: 20 }, (_, n) => live(file(n, n + 1))));
  for (let beat = 0; beat < 10; beat++) {
    await clock.advance(30_000);
    await client.read(1);
  }
  assert.equal(feed.signal?.aborted, false);
});

Deno.test("file stream cleans up when the client leaves", async () => {
  const { clock, client, feed, database, logged } = await openReadyStream();
  await feed.emit(live(file(1, 1)));
  await client.leave();
  assert.equal(feed.signal?.reason, "cancelled");
  assert.equal(clock.pending, 0);
  const { length } = database.queries;
  await feed.emit(live(file(1, 2)), { kind: "live" }, { kind: "down" }, { kind: "hint" });
  await clock.advance(600_000);
  assert.equal(database.queries.length, length);
  assert.equal(clock.pending, 0);
  assert.deepEqual(logged.map(({ event }) => event), ["stream opened", "stream closed"]);
});

Deno.test("file stream cleans up when the client leaves in the middle of a catch-up", async () => {
  const { clock, client, database, logged } = await openStream();
  await client.leave();
  await database.answer({ reset: true, more: true, changes: [file(1, 1)] });
  assert.equal(database.waiting, 0);
  assert.equal(clock.pending, 0);
  assert.deepEqual(logged.map(({ event }) => event), ["stream opened", "stream closed"]);
});

Deno.test("file stream says nothing of a catch-up that fails after the client has left", async () => {
  const { clock, client, database, logged } = await openStream();
  await client.leave();
  await database.fail();
  assert.equal(clock.pending, 0);
  assert.deepEqual(logged.map(({ event }) => event), ["stream opened", "stream closed"]);
});

Deno.test("file stream asks no more when a client leaves that a catch-up waits for", async () => {
  const { client, database } = await openStream();
  await database.answer({ cursor: "p1", reset: true, more: true, changes: [file(1, 1)] });
  await database.answer({ cursor: "p2", more: true, changes: [file(2, 2)] });
  await client.leave();
  assert.equal(database.waiting, 0);
});

Deno.test("file stream ends before the token does: token-expired", async () => {
  const { clock, client, feed } = await openReadyStream({ expiresIn: 40_000 });
  await clock.advance(30_000);
  assert.deepEqual(await client.readAll(), [
    "heartbeat",
    "closing: token-expired, retry 2000",
    "end",
  ]);
  assert.equal(feed.signal?.reason, "token-expired");
  assert.equal(clock.pending, 0);
});

Deno.test("file stream never loses closing to a change that is on its way to the client", async (t) => {
  for (let turns = 0; turns < 10; turns++) {
    await t.step(`it ends ${turns} turns after the change`, async () => {
      const { client, feed, shutdown } = await openReadyStream();
      assert.deepEqual(await client.readAll(), [], "the client waits");
      void feed.emit(live(file(1, 1)));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      shutdown.abort();
      const messages = await client.readAll();
      assert.deepEqual(messages.slice(-2), ["closing: shutdown, retry 2000", "end"]);
    });
  }
});

Deno.test("file stream drops what waits when it ends: the client comes back for it", async () => {
  const { client, feed, shutdown } = await openReadyStream();
  await feed.emit(live(file(1, 1)));
  await feed.emit(live(file(2, 2)));
  shutdown.abort();
  assert.deepEqual(await client.readAll(), ["1:1", "closing: shutdown, retry 2000", "end"]);
});

Deno.test("file stream spreads reconnects with a jittered retry", async () => {
  for (const [random, retry] of [[0, 1400], [0.999, 2599]] as const) {
    const { client, shutdown } = await openStream({ random: () => random });
    shutdown.abort();
    assert.deepEqual(await client.readAll(), [`closing: shutdown, retry ${retry}`, "end"]);
  }
});

Deno.test("file streams listen to the isolate's shutdown together, and it ends each of them", async () => {
  const shutdown = new AbortController();
  let listeners = 0;
  const { addEventListener } = shutdown.signal;
  shutdown.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(shutdown.signal, args);
  };
  const { client, open } = await openStream({
    isolate: { startedAt: 0, limitMs: Infinity, shutdown: shutdown.signal },
  });
  const another = await open();
  assert.equal(listeners, 1);
  shutdown.abort();
  for (const it of [client, another]) {
    assert.deepEqual(await it.readAll(), ["closing: shutdown, retry 2000", "end"]);
  }
});

Deno.test("file stream that opens while the isolate shuts down ends at once", async () => {
  const shutdown = AbortSignal.abort();
  const { clock, client, database, feed } = await openStream({
    isolate: { startedAt: 0, limitMs: Infinity, shutdown },
  });
  const messages = await client.readAll();
  assert.deepEqual(messages.slice(-2), ["closing: shutdown, retry 2000", "end"]);
  assert.equal(database.queries.length, 0);
  assert.equal(feed.caller, undefined);
  assert.equal(clock.pending, 0);
});

Deno.test("file stream makes a feed rejoin that is deaf, and logs it", async () => {
  const { clock, client, feed, database, logged } = await openReadyStream();
  for (let n = 1; n <= 3; n++) {
    await clock.advance(60_000);
    while (database.waiting > 0) await database.answer({ changes: [file(n, n)] });
    await client.readAll();
  }
  assert.equal(feed.rejoins, 1);
  assert.equal(logged.filter(({ event }) => event === "feed is deaf, rejoining").length, 1);
});

Deno.test("file stream catches up after 5 s when a deaf feed has rejoined and stays down", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  for (const changes of [[file(1, 1)], [file(2, 2)], []]) {
    assert.equal(feed.rejoins, 0);
    await clock.advance(60_000);
    while (database.waiting > 0) await database.answer({ changes });
    await client.readAll();
  }
  assert.equal(feed.rejoins, 1);
  await clock.advance(4_999);
  assert.equal(database.waiting, 0);
  await clock.advance(1);
  assert.equal(database.waiting, 1);
});

Deno.test("file stream takes a feed for healthy that brings hints in place of many changes", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  for (let n = 1; n <= 4; n++) {
    await feed.emit({ kind: "hint" });
    await clock.advance(1_000);
    await database.answer({ coverage: upTo(100n * BigInt(n)), changes: [file(n, n, 100 * n)] });
    await client.readAll();
    await clock.advance(60_000);
    while (database.waiting > 0) await database.answer({ coverage: upTo(100n * BigInt(n) + 1n) });
  }
  assert.equal(feed.rejoins, 0);
});

Deno.test("file stream takes a feed for healthy whose pings announce what a catch-up finds", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  for (let n = 1; n <= 4; n++) {
    await feed.emit(ping(100 * n));
    await clock.advance(60_000);
    while (database.waiting > 0) {
      await database.answer({
        coverage: upTo(100n * BigInt(n) + 1n),
        changes: [file(n, n, 100 * n)],
      });
    }
    await client.readAll();
  }
  assert.equal(feed.rejoins, 0);
});

Deno.test("file stream remembers a hint until a catch-up has succeeded", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  await feed.emit({ kind: "hint" });
  await database.fail();
  await clock.advance(2_000);
  await database.answer({ changes: [file(1, 1)] });
  await client.readAll();
  // One message is lost, which is chance.
  for (const changes of [[file(2, 2)], []]) {
    await clock.advance(60_000);
    while (database.waiting > 0) await database.answer({ changes });
    await client.readAll();
  }
  assert.equal(feed.rejoins, 0);
});

Deno.test("file stream takes a feed for healthy that brings what a catch-up found first", async () => {
  const { clock, client, feed, database } = await openReadyStream();
  for (let n = 1; n <= 5; n++) {
    await clock.advance(60_000);
    await database.answer({ changes: [file(n, n)] });
    await clock.advance(1_000);
    await feed.emit(live(file(n, n)));
    await client.readAll();
  }
  assert.equal(feed.rejoins, 0);
});

Deno.test("file stream narrowed to files passes those alone", async () => {
  const fileIds = [fileId(1), fileId(2)];
  const { client, feed, database } = await openReadyStream({ parameters: { fileIds } });
  assert.deepEqual(database.queries[0]?.fileIds, fileIds);
  await feed.emit(
    live(file(3, 1)),
    live(file(2, 2)),
    live(deleted({ id: fileId(3), revision: 3, changedIn: 30 })),
  );
  assert.deepEqual(await client.readAll(), ["2:2"]);
});

Deno.test("file stream without a snapshot tells the client when to load its list", async () => {
  const { client, feed, database } = await openStream({ parameters: { snapshot: false } });
  assert.equal(database.queries[0]?.snapshot, false);
  await database.answer({ cursor: "c1", coverage: upTo(10n), reset: true });
  assert.deepEqual(await client.readAll(), ["reset@none", "ready@c1"]);
  await feed.emit(live(file(1, 1)));
  assert.deepEqual(await client.readAll(), ["1:1"]);
});

Deno.test("file stream resets the client in mid-stream when its cursor becomes unusable", async () => {
  const { client, feed, database } = await openReadyStream();
  await feed.emit(live(file(1, 1)), { kind: "hint" });
  assert.deepEqual(await client.readAll(), ["1:1"]);
  await database.answer({ cursor: "d1", reset: true, changes: [file(2, 1)] });
  assert.deepEqual(await client.readAll(), ["reset@none", "2:1@d1", "ready@d1"]);
});

Deno.test("file stream is in no hurry for files in progress that a reset has made void", async () => {
  const { client, clock, feed, database } = await openReadyStream();
  await feed.emit(live(updated({ id: fileId(1), revision: 1, changedIn: 11, status: "queued" })));
  await client.read(1);
  await feed.emit({ kind: "hint" });
  await database.answer({ cursor: "d1", reset: true });
  assert.deepEqual(await client.readAll(), ["reset@none", "ready@d1"]);
  await clock.advance(59_999);
  assert.equal(database.waiting, 0);
  await clock.advance(1);
  assert.equal(database.waiting, 1);
});

Deno.test("file stream catches up once more when a reset has dropped a live change", async () => {
  const { client, clock, feed, database } = await openReadyStream();
  await feed.emit({ kind: "hint" });
  await feed.emit(live(file(1, 1)));
  await database.answer({ cursor: "d1", reset: true });
  assert.deepEqual(await client.readAll(), ["1:1", "reset@none", "ready@d1"]);
  await clock.advance(CATCH_UP_DISTANCE_MS);
  await database.answer({ cursor: "d2", changes: [file(1, 1)] });
  assert.deepEqual(await client.readAll(), ["1:1@d2"]);
});

Deno.test("file stream without a snapshot ends on such a reset, so that ready can come again", async () => {
  const { client, feed, database } = await openReadyStream({ parameters: { snapshot: false } });
  await feed.emit({ kind: "hint" });
  await database.answer({ cursor: "d1", reset: true });
  assert.deepEqual(await client.readAll(), ["closing: resync, retry 2000", "end"]);
});

Deno.test("file stream logs its opening and its end, and no token", async () => {
  const { clock, client, logged } = await openReadyStream({ parameters: { lastEventId: "c0" } });
  await clock.advance(5_000);
  await client.leave();
  const [opened, closed] = logged;
  assert.equal(opened?.event, "stream opened");
  assert.equal(opened?.fields?.resumed, true);
  assert.equal(closed?.event, "stream closed");
  assert.equal(closed?.fields?.reason, "cancelled");
  assert.equal(closed?.fields?.ms, READY_AFTER_MS + 5_000);
  assert.equal(closed?.fields?.stream, opened?.fields?.stream);
  assert.ok(!JSON.stringify(logged).includes("the.callers.token"));
});

Deno.test("file stream that can't be set up leaves no timer behind", async () => {
  const clock = new FakeClock();
  const feed = () => {
    throw new Error("a bug");
  };
  await assert.rejects(openStream({ clock, feed }), /a bug/);
  assert.equal(clock.pending, 0);
});

Deno.test("file stream keeps one user's stream apart from another's end", async () => {
  const first = await openReadyStream();
  const second = await openReadyStream();
  await first.client.leave();
  await second.feed.emit(live(file(1, 1)));
  assert.deepEqual(await second.client.readAll(), ["1:1"]);
});
