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
  const share = (caller: Caller, query: ChangesQuery, signal = new AbortController().signal) =>
    shared(caller, query, { signal });
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
  const share = () => shared(CALLER, QUERY, { signal });
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
