import assert from "node:assert/strict";
import { answerPings } from "../../../supabase/functions/file-events/stream/answer_pings.ts";
import type { Caller } from "../../../supabase/functions/file-events/stream/caller.ts";
import type {
  ChangesPage,
  ChangesQuery,
} from "../../../supabase/functions/file-events/stream/changes_since.ts";
import type { FeedMessage } from "../../../supabase/functions/file-events/stream/file_feed.ts";
import { OTHER_USER_ID, USER_ID } from "../../support/access_tokens.ts";
import { deleted, fileId, updated, upTo } from "../../support/example_change.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { ScriptedDatabase, ScriptedFeed } from "./open_stream.ts";

const CALLER: Caller = { userId: USER_ID, token: "token", expiresAt: 1_000, rights: "aal1" };
const ALL: ChangesQuery = { since: null, fileIds: null, snapshot: true };

function ping(changedIn: number, { concernsMany = false } = {}): FeedMessage {
  return { kind: "ping", changedIn: BigInt(changedIn), concernsMany };
}

/** `1:5` for file 1 at revision 5, `-1` for its deletion, or else the kind. */
function describe(message: FeedMessage): string {
  if (message.kind !== "change") return message.kind;
  const { id, revision, deleted } = message.change;
  const number = Number(id.slice(-12));
  return deleted ? `-${number}` : `${number}:${revision}`;
}

interface Options {
  readonly random?: () => number;
  readonly beginsAtOnce?: boolean;
}

/** A subscription whose feed and database say what the test says. */
function subscribe({ random = () => 0.5, beginsAtOnce = true }: Options = {}) {
  const clock = new FakeClock();
  const feed = new ScriptedFeed();
  const database = new ScriptedDatabase();
  database.beginsAtOnce = beginsAtOnce;
  const ports = answerPings({
    feed: feed.subscribe,
    changesSince: database.changesSince,
    clock,
    random,
  });
  const messages: string[] = [];
  const end = new AbortController();
  const subscription = ports.feed(
    CALLER,
    (message) => void messages.push(describe(message)),
    { signal: end.signal },
  );

  /** A stream that shares the subscription and queries for itself. */
  function openStream({ isPoll = false, ...caller }: Partial<Caller> & { isPoll?: boolean } = {}) {
    const ended = new AbortController();
    return {
      leave: () => ended.abort(),
      query(query: Partial<ChangesQuery> = {}): void {
        const options = { signal: ended.signal, onBegin() {}, isPoll };
        void ports.changesSince({ ...CALLER, ...caller }, { ...ALL, ...query }, options);
      },
    };
  }

  /** Takes the messages since the last call. */
  const take = () => messages.splice(0);

  /** A stream queries, and is answered. */
  async function catchUp(
    stream: ReturnType<typeof openStream>,
    page: Partial<ChangesPage>,
    query: Partial<ChangesQuery> = {},
  ): Promise<void> {
    stream.query(query);
    database.begin();
    await database.answer(page);
  }
  return { clock, feed, database, subscription, end, openStream, catchUp, take };
}

/** The same, with one stream that has caught up to the cursor `c10`, which covers up to 10. */
async function subscribeCaughtUp(options: Options = {}) {
  const subscribed = subscribe(options);
  const stream = subscribed.openStream();
  await subscribed.catchUp(stream, { cursor: "c10", coverage: upTo(10n), reset: true });
  subscribed.database.queries.length = 0;
  return { ...subscribed, stream };
}

Deno.test("answerPings() passes on other messages as they are", async () => {
  const { feed, take, database } = subscribe();
  await feed.emit({ kind: "live" }, { kind: "change", change: updated({ revision: 4 }) }, {
    kind: "hint",
  }, { kind: "down" });
  assert.deepEqual(take(), ["live", "1:4", "hint", "down"]);
  assert.equal(database.queries.length, 0);
});

Deno.test("answerPings() queries at once, with no timer, and passes on what it finds", async () => {
  const { clock, feed, database, take } = await subscribeCaughtUp();
  await feed.emit(ping(10));
  assert.deepEqual(take(), ["ping"], "streams learn at once that the feed works");
  assert.deepEqual(database.queries, [{ since: "c10", fileIds: null, snapshot: true }]);
  const changes = [deleted({ id: fileId(2) }), updated({ id: fileId(1), revision: 5 })];
  await database.answer({ cursor: "c11", coverage: upTo(11n), changes });
  assert.deepEqual(take(), ["-2", "1:5"]);
  assert.equal(clock.pending, 0);
});

Deno.test("answerPings() continues from the cursor of its own last answer", async () => {
  const { clock, feed, database } = await subscribeCaughtUp();
  await feed.emit(ping(10));
  await database.answer({ cursor: "c11", coverage: upTo(11n) });
  await clock.advance(100);
  await feed.emit(ping(11));
  assert.equal(database.queries.at(-1)?.since, "c11");
});

Deno.test("answerPings() ignores a ping that its cursor covers, and no other", async () => {
  const { clock, feed, database } = await subscribeCaughtUp();
  await feed.emit(ping(9));
  assert.equal(database.queries.length, 0);
  await feed.emit(ping(12));
  await database.answer({ cursor: "c13", coverage: upTo(13n, 11n) });
  await clock.advance(100);
  await feed.emit(ping(10), ping(12));
  assert.equal(database.queries.length, 1);
  await feed.emit(ping(11));
  assert.equal(database.queries.length, 2, "this transaction was still running");
});

Deno.test("answerPings() without a cursor gets one that covers the present, and then lets streams catch up", async () => {
  const { clock, feed, database, take, openStream, catchUp } = subscribe();
  await catchUp(openStream(), {}, { fileIds: [fileId(1)] });
  database.queries.length = 0;
  await feed.emit(ping(10));
  assert.deepEqual(database.queries, [{ since: null, fileIds: null, snapshot: false }]);
  assert.deepEqual(take(), ["ping"], "a catch-up that begins now may be older than the cursor");
  await database.answer({ cursor: "now", coverage: upTo(11n), reset: true });
  assert.deepEqual(take(), ["hint"]);
  await clock.advance(100);
  await feed.emit(ping(11));
  assert.deepEqual(database.queries.at(-1), { since: "now", fileIds: null, snapshot: false });
});

Deno.test("answerPings() queries nothing while no stream is there", async () => {
  const { clock, feed, database, take, end, stream, openStream } = await subscribeCaughtUp();
  stream.leave();
  await feed.emit(ping(10), ping(11, { concernsMany: true }));
  await clock.advance(10_000);
  assert.equal(database.queries.length, 0);
  take();
  openStream().query();
  await feed.emit(ping(12));
  assert.equal(database.queries.length, 2, "the stream's own, and one for the ping");
  end.abort();
  assert.equal(clock.pending, 0);
});

Deno.test("answerPings() lets polls query for themselves, unless a stream is there too", async () => {
  const { clock, feed, database, take, openStream, catchUp } = subscribe();
  const poll = openStream({ isPoll: true });
  await catchUp(poll, { cursor: "c10", coverage: upTo(10n) });
  await feed.emit(ping(9), ping(10));
  assert.equal(database.queries.length, 1);
  assert.deepEqual(take(), ["ping", "ping", "hint"], "the poll has what its page covers");
  const stream = openStream();
  await catchUp(stream, { cursor: "c11", coverage: upTo(11n) });
  await feed.emit(ping(11));
  assert.deepEqual(database.queries.slice(2), [{ ...ALL, since: "c10" }], "the poll has no c11");
  await database.answer({ cursor: "c12", coverage: upTo(12n) });
  stream.leave();
  take();
  await clock.advance(100);
  await feed.emit(ping(12));
  assert.equal(database.queries.length, 3);
  assert.deepEqual(take(), ["ping", "hint"]);
});

type Subscribed = ReturnType<typeof subscribe>;

/** What streams have done, and from which cursor the answer to the next ping reads. */
const FIRST_CURSORS: Record<
  string,
  [play: (it: Subscribed) => Promise<void>, since: string | null]
> = {
  "the last page of the only stream": [async ({ openStream, catchUp }) => {
    const stream = openStream();
    await catchUp(stream, { cursor: "page 1", coverage: upTo(10n), more: true });
    await catchUp(stream, { cursor: "page 2", coverage: upTo(10n) });
  }, "page 2"],
  "no page that others follow": [async ({ openStream, catchUp }) => {
    await catchUp(openStream(), { cursor: "page 1", coverage: upTo(10n), more: true });
  }, null],
  "no page of one of two streams": [async ({ openStream, catchUp }) => {
    const [first, second] = [openStream(), openStream()];
    await catchUp(first, { coverage: upTo(10n), more: true });
    await catchUp(second, { coverage: upTo(10n) });
    await catchUp(first, { coverage: upTo(10n) });
  }, null],
  "no page of a stream that another has joined meanwhile": [async (it) => {
    const { openStream, database } = it;
    openStream().query();
    openStream().query();
    await database.answer({ cursor: "first", coverage: upTo(10n) });
    await database.answer({ cursor: "second", coverage: upTo(10n) });
  }, null],
  "the page of a stream whose companion has left": [async ({ openStream, catchUp }) => {
    const [first, second] = [openStream(), openStream()];
    await catchUp(first, { cursor: "first", coverage: upTo(10n) });
    await catchUp(second, { cursor: "second", coverage: upTo(11n) });
    first.leave();
    await catchUp(second, { cursor: "alone", coverage: upTo(12n) });
  }, "alone"],
  "the first stream's page, though another has joined since": [async ({ openStream, catchUp }) => {
    await catchUp(openStream(), { cursor: "first", coverage: upTo(10n) });
    await catchUp(openStream(), { cursor: "second", coverage: upTo(11n) });
  }, "first"],
  "no page of a stream that has left, while another is there": [async (it) => {
    const { openStream, database } = it;
    const [first, second] = [openStream(), openStream()];
    first.query();
    second.query({ fileIds: [fileId(1)] });
    first.leave();
    await database.answer({ cursor: "first", coverage: upTo(10n) });
  }, null],
  "the page of a stream whose companion left before it queried": [
    async ({ openStream, catchUp }) => {
      const [first, second] = [openStream(), openStream()];
      second.leave();
      await catchUp(second, { cursor: "second", coverage: upTo(10n) });
      await catchUp(first, { cursor: "first", coverage: upTo(10n) });
    },
    "first",
  ],
  "no page of a stream that asked for some files": [async ({ openStream, catchUp }) => {
    await catchUp(openStream(), { coverage: upTo(10n) }, { fileIds: [fileId(1)] });
  }, null],
  "no page of a stream with other rights": [async ({ openStream, catchUp }) => {
    await catchUp(openStream({ rights: "aal2" }), { coverage: upTo(10n) });
  }, null],
  "no page of another user": [async ({ openStream, catchUp }) => {
    await catchUp(openStream({ userId: OTHER_USER_ID }), { coverage: upTo(10n) });
  }, null],
  "the newer one of two pages": [async ({ openStream, catchUp }) => {
    const stream = openStream();
    await catchUp(stream, { cursor: "new", coverage: upTo(10n) });
    await catchUp(stream, { cursor: "old", coverage: upTo(9n) });
  }, "new"],
  "the page of a database that has been restored": [async ({ openStream, catchUp }) => {
    const stream = openStream();
    await catchUp(stream, { cursor: "before", coverage: upTo(1_000n) });
    await catchUp(stream, { cursor: "restored", coverage: upTo(5n), reset: true });
  }, "restored"],
};
for (const [name, [play, since]] of Object.entries(FIRST_CURSORS)) {
  Deno.test(`answerPings() takes as its cursor ${name}`, async () => {
    const subscribed = subscribe();
    await play(subscribed);
    const { feed, database } = subscribed;
    await feed.emit(ping(20));
    assert.equal(database.queries.at(-1)?.since, since);
  });
}

Deno.test("answerPings() keeps the value of snapshot with the cursor of a stream", async () => {
  const { feed, database, openStream, catchUp } = subscribe();
  await catchUp(openStream(), { cursor: "c10", coverage: upTo(10n) }, { snapshot: false });
  await feed.emit(ping(10));
  assert.deepEqual(database.queries.at(-1), { since: "c10", fileIds: null, snapshot: false });
});

Deno.test("answerPings() pauses for ten times as long as the last query took", async () => {
  const { clock, feed, database } = await subscribeCaughtUp();
  await feed.emit(ping(10));
  await clock.advance(30);
  await database.answer({ cursor: "c11", coverage: upTo(11n) });
  await feed.emit(ping(11), ping(12));
  await clock.advance(299);
  assert.equal(database.queries.length, 1);
  await clock.advance(1);
  assert.equal(database.queries.length, 2, "the last ping is answered");
});

Deno.test("answerPings() answers a ping that arrives during a query and is not covered by another one", async () => {
  const { clock, feed, database } = await subscribeCaughtUp();
  await feed.emit(ping(10), ping(11));
  await database.answer({ cursor: "c11", coverage: upTo(11n) });
  assert.equal(database.queries.length, 1);
  await clock.advance(100);
  assert.equal(database.queries.length, 2);
});

Deno.test("answerPings() answers a ping that arrives during a query and is covered by no other one", async () => {
  const { clock, feed, database } = await subscribeCaughtUp();
  await feed.emit(ping(10), ping(11));
  await database.answer({ cursor: "c12", coverage: upTo(12n) });
  await clock.advance(10_000);
  assert.equal(database.queries.length, 1);
});

Deno.test("answerPings() answers a ping once that arrives before the query begins, though no cursor can cover it", async () => {
  const { clock, feed, database } = await subscribeCaughtUp({ beginsAtOnce: false });
  await feed.emit(ping(10), ping(20));
  database.begin();
  await database.answer({ cursor: "c11", coverage: upTo(11n) });
  await clock.advance(10_000);
  assert.equal(database.queries.length, 1);
});

Deno.test("answerPings() answers the last of very many pings that arrive during a query", async () => {
  const { clock, feed, database } = await subscribeCaughtUp();
  await feed.emit(ping(10));
  for (let n = 0; n < 1_000; n++) await feed.emit(ping(11 + n));
  await database.answer({ cursor: "c1010", coverage: upTo(1_010n) });
  await clock.advance(100);
  assert.equal(database.queries.length, 2);
});

Deno.test("answerPings() does not query if a stream's own catch-up covers the ping during the pause", async () => {
  const { clock, feed, database, catchUp, stream } = await subscribeCaughtUp();
  await feed.emit(ping(10));
  await database.answer({ cursor: "c11", coverage: upTo(11n) });
  await feed.emit(ping(11));
  await catchUp(stream, { cursor: "c12", coverage: upTo(12n) });
  await clock.advance(10_000);
  assert.equal(database.queries.length, 2, "the second one is the stream's");
});

const INCOMPLETE: Record<string, Partial<ChangesPage>> = {
  "is the first of several pages": { more: true },
  "begins a snapshot, because its cursor is not usable": { reset: true },
};
for (const [name, page] of Object.entries(INCOMPLETE)) {
  Deno.test(`answerPings() lets streams catch up, and forgets its cursor, if the answer ${name}`, async () => {
    const { clock, feed, database, take } = await subscribeCaughtUp();
    await feed.emit(ping(10), ping(11));
    take();
    await database.answer({ coverage: upTo(11n), changes: [updated({})], ...page });
    assert.deepEqual(take(), ["hint"]);
    await clock.advance(10_000);
    assert.equal(database.queries.length, 1, "the streams answer all pings so far");
    await feed.emit(ping(9));
    assert.equal(database.queries.at(-1)?.since, null);
  });
}

Deno.test("answerPings() lets streams catch up after a query that failed, and pauses for 2 s", async () => {
  const { clock, feed, database, take } = await subscribeCaughtUp();
  await feed.emit(ping(10), ping(11));
  take();
  await database.fail();
  assert.deepEqual(take(), ["hint"]);
  await feed.emit(ping(12));
  await clock.advance(1_999);
  assert.equal(database.queries.length, 1);
  await clock.advance(1);
  assert.equal(database.queries.at(-1)?.since, "c10", "the cursor is still usable");
});

Deno.test("answerPings() spreads the answers to pings that concern many users over a second", async () => {
  const { clock, feed, database, take } = await subscribeCaughtUp({ random: () => 0.7 });
  await feed.emit(ping(10, { concernsMany: true }));
  assert.deepEqual(take(), ["ping"]);
  await clock.advance(699);
  assert.equal(database.queries.length, 0);
  await clock.advance(1);
  assert.equal(database.queries.length, 1);
});

Deno.test("answerPings() delays no other ping for one that concerns many users, and answers both", async () => {
  const { clock, feed, database } = await subscribeCaughtUp();
  await feed.emit(ping(10, { concernsMany: true }), ping(11));
  assert.equal(database.queries.length, 1);
  await database.answer({ cursor: "c11", coverage: upTo(11n) });
  await clock.advance(10_000);
  assert.equal(database.queries.length, 1);
  assert.equal(clock.pending, 0);
});

Deno.test("answerPings() delays no ping that concerns many users for a later one", async () => {
  const random = [0.2, 0.9];
  const { clock, feed, database } = await subscribeCaughtUp({ random: () => random.shift()! });
  await feed.emit(ping(10, { concernsMany: true }), ping(11, { concernsMany: true }));
  await clock.advance(200);
  assert.equal(database.queries.length, 1);
});

Deno.test("answerPings() runs one query at a time", async () => {
  const { clock, feed, database } = await subscribeCaughtUp();
  await feed.emit(ping(10, { concernsMany: true }), ping(11), ping(12));
  await clock.advance(10_000);
  assert.equal(database.queries.length, 1, "it has no answer yet");
});

Deno.test("answerPings() queries with the token of the subscription that expires last", async () => {
  const { clock, feed, database, subscription, openStream } = await subscribeCaughtUp();
  const answer = async (changedIn: number) => {
    await feed.emit(ping(changedIn));
    await database.answer({ cursor: "c", coverage: upTo(BigInt(changedIn) + 1n) });
    await clock.advance(100);
    return database.tokens.at(-1);
  };
  assert.equal(await answer(10), "token");
  subscription.rejoin({ ...CALLER, token: "renewed", expiresAt: 2_000 });
  assert.equal(feed.rejoins, 1);
  assert.equal(await answer(11), "renewed");
  openStream({ token: "of another stream", expiresAt: 3_000 }).query();
  await database.answer({ coverage: upTo(12n) });
  openStream({ token: "older", expiresAt: 1_500 }).query();
  await database.answer({ coverage: upTo(12n) });
  assert.equal(await answer(12), "of another stream");
});

Deno.test("answerPings() aborts the query when the subscription ends, and then says nothing", async () => {
  const { clock, feed, database, end, take } = await subscribeCaughtUp();
  await feed.emit(ping(10), ping(11));
  take();
  end.abort();
  assert.equal(database.signal?.aborted, true);
  await database.answer({ cursor: "c11", coverage: upTo(11n), changes: [updated({})] });
  assert.deepEqual(take(), []);
  assert.equal(clock.pending, 0);
});

Deno.test("answerPings() clears its timer when the subscription ends", async () => {
  const { clock, feed, end } = await subscribeCaughtUp();
  await feed.emit(ping(10, { concernsMany: true }));
  assert.equal(clock.pending, 1);
  end.abort();
  assert.equal(clock.pending, 0);
});

Deno.test("answerPings() does not query if the ping itself ends the subscription", async () => {
  const feed = new ScriptedFeed();
  const { changesSince, queries } = new ScriptedDatabase();
  const ports = answerPings({
    feed: feed.subscribe,
    changesSince,
    clock: new FakeClock(),
    random: () => 0,
  });
  const end = new AbortController();
  ports.feed(CALLER, () => end.abort(), { signal: end.signal });
  await feed.emit(ping(10));
  assert.equal(queries.length, 0);
});

Deno.test("answerPings() tells whether its feed is joining", () => {
  let isJoining = false;
  const ports = answerPings({
    feed: () => ({
      get isJoining() {
        return isJoining;
      },
      rejoin() {},
    }),
    changesSince: new ScriptedDatabase().changesSince,
    clock: new FakeClock(),
    random: () => 0,
  });
  const subscription = ports.feed(CALLER, () => {}, { signal: new AbortController().signal });
  for (const value of [false, true]) {
    isJoining = value;
    assert.equal(subscription.isJoining, value);
  }
});

Deno.test("answerPings() needs a bounded number of queries for ten pings a second", async () => {
  const { clock, feed, database } = await subscribeCaughtUp();
  const [seconds, took] = [60, 20];
  for (let n = 0; n < seconds * 10; n++) {
    await feed.emit(ping(10 + n));
    for (let ms = 0; ms < 100; ms += took) {
      const isRunning = database.waiting > 0;
      await clock.advance(took);
      if (isRunning) await database.answer({ cursor: `c${n}`, coverage: upTo(11n + BigInt(n)) });
      await settle();
    }
  }
  const most = seconds * 1_000 / (took + took * 10) + 1;
  const count = database.queries.length;
  assert.ok(count <= most && count > most / 2, `${count} queries`);
});
