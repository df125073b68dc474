import assert from "node:assert/strict";
import type { Caller } from "../../../supabase/functions/file-events/stream/caller.ts";
import { shareFeed } from "../../../supabase/functions/file-events/realtime/share_feed.ts";
import type { FeedMessage } from "../../../supabase/functions/file-events/stream/file_feed.ts";
import type { EndReason } from "../../../supabase/functions/file-events/stream/lifetime.ts";
import { OTHER_USER_ID, USER_ID } from "../../support/access_tokens.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const HOUR = 3_600_000;

/** A shared feed over one that the test speaks for. */
function createShared() {
  const clock = new FakeClock();
  const subscriptions: {
    caller: Caller;
    emit: (message: FeedMessage) => void;
    signal: AbortSignal;
    /** The tokens that it was told to rejoin with. */
    rejoins: (string | undefined)[];
  }[] = [];
  let isJoining = false;
  const feed = shareFeed((caller, emit, { signal }) => {
    const rejoins: (string | undefined)[] = [];
    subscriptions.push({ caller, emit, signal, rejoins });
    return {
      get isJoining() {
        return isJoining;
      },
      rejoin: (renewed) => void rejoins.push(renewed?.token),
    };
  }, clock);

  /** A stream of a caller. */
  function subscribe(caller: Partial<Caller> = {}, ended?: AbortSignal) {
    const controller = new AbortController();
    const kinds: string[] = [];
    const subscription = feed(
      {
        userId: USER_ID,
        token: "token",
        expiresAt: clock.now() + HOUR,
        rights: "aal1",
        ...caller,
      },
      ({ kind }) => void kinds.push(kind),
      { signal: ended ?? controller.signal },
    );
    /** A poll has been answered, unless another reason is given. */
    const end = (reason: EndReason = "answered") => controller.abort(reason);
    return { kinds, subscription, end };
  }
  return { clock, subscriptions, subscribe, setJoining: (value: boolean) => isJoining = value };
}

Deno.test("shareFeed() subscribes once for the streams of one user, who all hear the same", () => {
  const { subscriptions, subscribe } = createShared();
  const streams = [subscribe(), subscribe()];
  assert.equal(subscriptions.length, 1);
  subscriptions[0]?.emit({ kind: "live" });
  subscriptions[0]?.emit({ kind: "hint" });
  for (const { kinds } of streams) assert.deepEqual(kinds, ["live", "hint"]);
});

Deno.test("shareFeed() keeps users, and rights of one user, apart", () => {
  const { subscriptions, subscribe } = createShared();
  const mine = subscribe();
  const others = [subscribe({ userId: OTHER_USER_ID }), subscribe({ rights: "aal2" })];
  assert.equal(subscriptions.length, 3);
  subscriptions[0]?.emit({ kind: "hint" });
  assert.deepEqual(mine.kinds, ["hint"]);
  for (const { kinds } of others) assert.deepEqual(kinds, []);
});

Deno.test("shareFeed() tells a later stream whether the feed is live", () => {
  const { subscriptions, subscribe } = createShared();
  subscribe();
  subscriptions[0]?.emit({ kind: "hint" });
  assert.deepEqual(subscribe().kinds, []);
  subscriptions[0]?.emit({ kind: "live" });
  assert.deepEqual(subscribe().kinds, ["live"]);
  subscriptions[0]?.emit({ kind: "down" });
  assert.deepEqual(subscribe().kinds, []);
});

Deno.test("shareFeed() ends the subscription with the last of its streams", () => {
  const { clock, subscriptions, subscribe } = createShared();
  const first = subscribe();
  const second = subscribe({ expiresAt: clock.now() + 2 * HOUR });
  first.end();
  assert.equal(subscriptions[0]?.signal.aborted, false);
  subscriptions[0]?.emit({ kind: "hint" });
  assert.deepEqual(first.kinds, [], "a stream that has left receives nothing");
  assert.deepEqual(second.kinds, ["hint"]);
  const third = subscribe({ expiresAt: clock.now() + 3 * HOUR });
  assert.equal(subscriptions.length, 1, "the subscription goes on for others");
  second.end();
  third.end("cancelled");
  assert.equal(subscriptions[0]?.signal.aborted, true);
  assert.equal(clock.pending, 0);
  subscribe();
  assert.equal(subscriptions.length, 2, "the next stream subscribes again");
});

Deno.test("shareFeed() goes on for 30 s after the last poll, for the next one", async () => {
  const { clock, subscriptions, subscribe } = createShared();
  subscribe().end();
  subscriptions[0]?.emit({ kind: "live" });
  for (let poll = 0; poll < 3; poll++) {
    await clock.advance(29_999);
    assert.equal(subscriptions[0]?.signal.aborted, false);
    const next = subscribe();
    assert.deepEqual(next.kinds, ["live"], "it is live at once");
    await clock.advance(60_000);
    next.end();
  }
  assert.equal(subscriptions.length, 1);
  await clock.advance(30_000);
  assert.equal(subscriptions[0]?.signal.aborted, true);
  assert.equal(clock.pending, 0);
  assert.deepEqual(subscribe().kinds, []);
  assert.equal(subscriptions.length, 2, "the next stream subscribes again");
});

Deno.test("shareFeed() keeps users, and rights of one user, apart after they have left", () => {
  const { subscriptions, subscribe } = createShared();
  subscribe().end();
  subscriptions[0]?.emit({ kind: "live" });
  const others = [subscribe({ userId: OTHER_USER_ID }), subscribe({ rights: "aal2" })];
  subscriptions[0]?.emit({ kind: "hint" });
  assert.equal(subscriptions.length, 3);
  for (const { kinds } of others) assert.deepEqual(kinds, []);
});

Deno.test("shareFeed() goes on without streams no longer than until its token must be renewed", async () => {
  const { clock, subscriptions, subscribe } = createShared();
  subscribe({ expiresAt: clock.now() + 40_000 }).end();
  await clock.advance(24_999);
  assert.equal(subscriptions[0]?.signal.aborted, false);
  await clock.advance(1);
  assert.equal(subscriptions[0]?.signal.aborted, true);
  subscribe({ expiresAt: clock.now() + 15_000 }).end();
  assert.equal(subscriptions[1]?.signal.aborted, true);
  assert.equal(clock.pending, 0);
});

Deno.test("shareFeed() renews for a stream that has come while there was none", async () => {
  const { clock, subscriptions, subscribe } = createShared();
  const streams = [
    subscribe({ token: "old", expiresAt: clock.now() + 50_000 }),
    subscribe({ token: "fresh", expiresAt: clock.now() + HOUR }),
  ];
  for (const { end } of streams) end();
  await clock.advance(10_000);
  subscribe({ token: "old", expiresAt: clock.now() + 40_000 });
  await clock.advance(24_999);
  assert.deepEqual(subscriptions[0]?.rejoins, []);
  await clock.advance(1);
  assert.deepEqual(subscriptions[0]?.rejoins, ["fresh"]);
});

Deno.test("shareFeed() renews once, 15 s before its token expires, with the token that expires last", async () => {
  const { clock, subscriptions, subscribe } = createShared();
  subscribe({ token: "old", expiresAt: clock.now() + HOUR });
  subscribe({ token: "fresh", expiresAt: clock.now() + 2 * HOUR });
  subscribe({ token: "freshest", expiresAt: clock.now() + 3 * HOUR });
  subscribe({ token: "as fresh", expiresAt: clock.now() + 3 * HOUR });
  subscribe({ token: "old", expiresAt: clock.now() + HOUR });
  await clock.advance(HOUR - 15_001);
  assert.deepEqual(subscriptions[0]?.rejoins, []);
  await clock.advance(1);
  assert.deepEqual(subscriptions[0]?.rejoins, ["freshest"]);
  assert.equal(clock.pending, 0, "no other token expires later");
});

Deno.test("shareFeed() renews before the renewed token expires too, if there is a later one", async () => {
  const { clock, subscriptions, subscribe } = createShared();
  subscribe({ token: "first", expiresAt: clock.now() + HOUR });
  subscribe({ token: "second", expiresAt: clock.now() + 2 * HOUR });
  await clock.advance(HOUR);
  subscribe({ token: "third", expiresAt: clock.now() + 2 * HOUR });
  await clock.advance(HOUR - 15_001);
  assert.deepEqual(subscriptions[0]?.rejoins, ["second"]);
  await clock.advance(1);
  assert.deepEqual(subscriptions[0]?.rejoins, ["second", "third"]);
});

Deno.test("shareFeed() renews at once if its token has expired", async () => {
  const { clock, subscriptions, subscribe } = createShared();
  subscribe({ token: "first", expiresAt: clock.now() + HOUR });
  await clock.advance(HOUR);
  subscribe({ token: "second", expiresAt: clock.now() + HOUR });
  await clock.advance(0);
  assert.deepEqual(subscriptions[0]?.rejoins, ["second"]);
});

Deno.test("shareFeed() rejoins a deaf feed once, however many streams notice", () => {
  const { clock, subscriptions, subscribe } = createShared();
  const streams = [subscribe(), subscribe({ token: "later", expiresAt: clock.now() + 2 * HOUR })];
  subscriptions[0]?.emit({ kind: "live" });
  streams[0]?.subscription.rejoin();
  assert.deepEqual(subscriptions[0]?.rejoins, ["later"]);
  assert.equal(clock.pending, 0, "this was the renewal too");
  // As a feed does when it rejoins.
  subscriptions[0]?.emit({ kind: "down" });
  streams[1]?.subscription.rejoin();
  assert.deepEqual(subscriptions[0]?.rejoins, ["later"]);
});

Deno.test("shareFeed() tells each stream whether the feed is joining", () => {
  const { subscribe, setJoining } = createShared();
  const streams = [subscribe(), subscribe()];
  for (const isJoining of [false, true]) {
    setJoining(isJoining);
    for (const { subscription } of streams) assert.equal(subscription.isJoining, isJoining);
  }
});

Deno.test("shareFeed() subscribes to nothing for a stream that has ended already", () => {
  const { subscriptions, subscribe } = createShared();
  subscribe({}, AbortSignal.abort());
  assert.equal(subscriptions.length, 0);
  assert.deepEqual(subscribe().kinds, []);
  assert.equal(subscriptions.length, 1);
});
