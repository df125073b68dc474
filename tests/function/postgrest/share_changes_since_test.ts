import assert from "node:assert/strict";
import type { Caller } from "../../../supabase/functions/file-events/stream/caller.ts";
import type {
  ChangesPage,
  ChangesQuery,
} from "../../../supabase/functions/file-events/stream/changes_since.ts";
import { shareChangesSince } from "../../../supabase/functions/file-events/postgrest/share_changes_since.ts";
import { OTHER_USER_ID, USER_ID } from "../../support/access_tokens.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { fileId } from "../../support/example_change.ts";

const CALLER: Caller = {
  userId: USER_ID,
  token: "token",
  expiresAt: 1_000,
  rights: "aal1",
};
const QUERY: ChangesQuery = { since: "cursor", fileIds: null, snapshot: true };
const PAGE = { cursor: "next" } as ChangesPage;

/** A database that answers when the test says so. */
function createShared() {
  const asked: { caller: Caller; query: ChangesQuery; answer: (page: ChangesPage) => void }[] = [];
  const clock = new FakeClock();
  const shared = shareChangesSince(
    (caller, query) => new Promise((answer) => void asked.push({ caller, query, answer })),
    clock,
  );
  const share = (
    caller: Caller,
    query: ChangesQuery,
    signal = new AbortController().signal,
    onBegin = () => {},
  ) => shared(caller, query, { signal, onBegin });
  return { share, asked, clock };
}

Deno.test("shareChangesSince() asks once for equal queries of one instant", async () => {
  const { share, asked } = createShared();
  const pages = [share(CALLER, QUERY), share(CALLER, { ...QUERY })];
  await settle();
  assert.equal(asked.length, 1);
  asked[0]?.answer(PAGE);
  assert.deepEqual(await Promise.all(pages), [PAGE, PAGE]);
});

Deno.test("shareChangesSince() never joins a query that has begun", async () => {
  const { share, asked } = createShared();
  const first = share(CALLER, QUERY);
  await settle();
  const second = share(CALLER, QUERY);
  await settle();
  assert.equal(asked.length, 2);
  const newer = { ...PAGE, cursor: "newer" };
  asked[0]?.answer(PAGE);
  asked[1]?.answer(newer);
  assert.deepEqual([await first, await second], [PAGE, newer]);
});

Deno.test("shareChangesSince() keeps apart what differs in user, rights or question", async (t) => {
  const others: Record<string, [Partial<Caller>, Partial<ChangesQuery>]> = {
    "another user": [{ userId: OTHER_USER_ID }, {}],
    "other rights": [{ rights: "others" }, {}],
    "another cursor": [{}, { since: "other" }],
    "no cursor": [{}, { since: null }],
    "other files": [{}, { fileIds: [fileId(1)] }],
    "no snapshot": [{}, { snapshot: false }],
  };
  for (const [name, [caller, query]] of Object.entries(others)) {
    await t.step(name, async () => {
      const { share, asked } = createShared();
      void share(CALLER, QUERY);
      void share({ ...CALLER, ...caller }, { ...QUERY, ...query });
      await settle();
      assert.equal(asked.length, 2);
    });
  }
});

Deno.test("shareChangesSince() asks with the token that lives longest", async () => {
  const { share, asked } = createShared();
  void share(CALLER, QUERY);
  void share({ ...CALLER, token: "fresh", expiresAt: 2_000 }, QUERY);
  void share({ ...CALLER, token: "stale", expiresAt: 500 }, QUERY);
  await settle();
  assert.deepEqual(asked.map(({ caller }) => caller.token), ["fresh"]);
});

Deno.test("shareChangesSince() has 8 queries under way at most; what waits can be joined", async () => {
  const { share, asked } = createShared();
  const query = (n: number) => ({ ...QUERY, since: `cursor ${n}` });
  for (let n = 0; n < 10; n++) void share(CALLER, query(n));
  await settle();
  assert.equal(asked.length, 8);
  const joined = share(CALLER, query(9));
  for (const { answer } of asked.slice()) answer(PAGE);
  await settle();
  assert.equal(asked.length, 10, "the one that joined costs none");
  asked[9]?.answer(PAGE);
  assert.equal(await joined, PAGE);
});

Deno.test("shareChangesSince() tells all who share of a failure, and asks anew afterwards", async () => {
  let failing = true;
  const shared = shareChangesSince(
    () => failing ? Promise.reject(new Error("database down")) : Promise.resolve(PAGE),
    new FakeClock(),
  );
  const { signal } = new AbortController();
  const share = () => shared(CALLER, QUERY, { signal, onBegin() {} });
  const both = await Promise.allSettled([share(), share()]);
  assert.deepEqual(both.map(({ status }) => status), ["rejected", "rejected"]);
  failing = false;
  assert.equal(await share(), PAGE);
});

/** Fills all places, and returns what frees them. */
async function occupy({ share, asked }: ReturnType<typeof createShared>): Promise<() => void> {
  for (let n = 0; n < 8; n++) void share(CALLER, { ...QUERY, since: `occupied ${n}` });
  await settle();
  return () => asked.splice(0).forEach(({ answer }) => answer(PAGE));
}

Deno.test("shareChangesSince() does not ask for streams that have ended while they waited", async () => {
  const shared = createShared();
  const free = await occupy(shared);
  const [gone, alsoGone, alive] = [1, 2, 3].map(() => new AbortController());
  const unwanted = shared.share(CALLER, QUERY, gone!.signal);
  void shared.share(CALLER, { ...QUERY, since: "wanted" }, alsoGone!.signal);
  void shared.share(CALLER, { ...QUERY, since: "wanted" }, alive!.signal);
  gone!.abort();
  alsoGone!.abort();
  free();
  await assert.rejects(unwanted, { name: "AbortError" });
  await settle();
  assert.deepEqual(shared.asked.map(({ query }) => query.since), ["wanted"]);
});

Deno.test("shareChangesSince() gives up what has waited for ten seconds", async () => {
  const shared = createShared();
  const free = await occupy(shared);
  const waiting = shared.share(CALLER, QUERY);
  await shared.clock.advance(10_001);
  free();
  await assert.rejects(waiting, { name: "TimeoutError" });
  assert.deepEqual(shared.asked, []);
});

/** A query that is equal to no other one, of a user. */
const nth = (userId: string, n: number): [Caller, ChangesQuery] => [
  { ...CALLER, userId },
  { ...QUERY, since: `${userId} ${n}` },
];

Deno.test("shareChangesSince() lets users take turns, so that one with many queries delays nobody", async () => {
  const shared = createShared();
  const free = await occupy(shared);
  for (let n = 0; n < 500; n++) void shared.share(...nth("many", n));
  for (let n = 0; n < 2; n++) void shared.share(...nth("few", n));
  void shared.share(...nth("one", 0));
  free();
  await settle();
  assert.deepEqual(shared.asked.map(({ query }) => query.since), [
    ...["many 0", "few 0", "one 0", "many 1", "few 1", "many 2", "many 3", "many 4"],
  ]);
});

Deno.test("shareChangesSince() takes no turn from a user for a query that is dropped", async () => {
  const shared = createShared();
  const free = await occupy(shared);
  const gone = new AbortController();
  for (let n = 0; n < 3; n++) {
    shared.share(...nth("reloading", n), gone.signal).catch(() => {});
  }
  void shared.share(...nth("reloading", 3));
  for (let n = 0; n < 9; n++) void shared.share(...nth(`other ${n}`, 0));
  gone.abort();
  free();
  await settle();
  assert.equal(shared.asked[0]?.query.since, "reloading 3");
  assert.equal(shared.asked.length, 8);
});

Deno.test("shareChangesSince() gives up only what itself has waited too long", async () => {
  const shared = createShared();
  const free = await occupy(shared);
  const late = shared.share(...nth("many", 0));
  await shared.clock.advance(10_001);
  void shared.share(...nth("many", 1));
  void shared.share(...nth("other", 0));
  free();
  await assert.rejects(late, { name: "TimeoutError" });
  await settle();
  assert.deepEqual(shared.asked.map(({ query }) => query.since), ["many 1", "other 0"]);
});

Deno.test("shareChangesSince() says to each stream that its query begins, before it is sent", async () => {
  const events: string[] = [];
  const shared = shareChangesSince(() => {
    events.push("sent");
    return new Promise(() => {});
  }, new FakeClock());
  const { signal } = new AbortController();
  for (const name of ["first", "second"]) {
    void shared(CALLER, QUERY, { signal, onBegin: () => events.push(name) });
  }
  assert.deepEqual(events, []);
  await settle();
  assert.deepEqual(events, ["first", "second", "sent"]);
});

Deno.test("shareChangesSince() does not say that a query begins while it waits, or if it is dropped", async () => {
  const shared = createShared();
  const free = await occupy(shared);
  const gone = new AbortController();
  const begun: string[] = [];
  const dropped = shared.share(
    { ...CALLER, userId: OTHER_USER_ID },
    QUERY,
    gone.signal,
    () => begun.push("dropped"),
  );
  void shared.share(CALLER, QUERY, undefined, () => begun.push("kept"));
  gone.abort();
  await settle();
  assert.deepEqual(begun, []);
  free();
  await assert.rejects(dropped, { name: "AbortError" });
  assert.deepEqual(begun, ["kept"]);
});

Deno.test("shareChangesSince() frees the place of a query that fails before it is sent", async () => {
  const shared = createShared();
  const fail = () => {
    throw new Error("broken");
  };
  for (let n = 0; n < 20; n++) {
    await assert.rejects(shared.share(...nth("broken", n), undefined, fail), /broken/);
  }
  void shared.share(CALLER, QUERY);
  await settle();
  assert.equal(shared.asked.length, 1);
});
