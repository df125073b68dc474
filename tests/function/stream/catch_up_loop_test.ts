import assert from "node:assert/strict";
import { CatchUpLoop } from "../../../supabase/functions/file-events/stream/catch_up_loop.ts";
import type { CatchUpOutcome } from "../../../supabase/functions/file-events/stream/catch_up_schedule.ts";
import { updated } from "../../support/example_change.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

const ORDINARY_MS = 60_000;
const FAST_MS = 5_000;
const RETRY_MS = 1_000;
const DISTANCE_MS = 250;

/** A loop whose feed is live, in the middle of the jitter. It is not begun. */
function createLoop() {
  const clock = new FakeClock();
  const running: ((outcome: CatchUpOutcome) => void)[] = [];
  let begun = 0;
  const loop: CatchUpLoop = new CatchUpLoop({
    run() {
      begun++;
      loop.queryBegan();
      return new Promise((resolve) => running.push(resolve));
    },
    onEnded() {},
  }, { catchUpMs: ORDINARY_MS, clock, random: () => 0.5 });
  loop.feedChanged({ live: true });
  /** Ends the run under way. */
  async function finish(outcome: CatchUpOutcome = "nothing") {
    running.shift()!(outcome);
    await settle();
  }
  return { clock, loop, finish, begun: () => begun, running };
}

/** A loop that has run once. */
async function createBegunLoop(outcome: CatchUpOutcome = "nothing") {
  const created = createLoop();
  created.loop.begin({ waitForFeed: false });
  await created.finish(outcome);
  return created;
}

Deno.test("CatchUpLoop.begin() runs the first catch-up at once, unless one runs", () => {
  const { loop, begun } = createLoop();
  loop.request();
  loop.begin({ waitForFeed: false });
  assert.equal(begun(), 1);
});

Deno.test("CatchUpLoop.request() during runs and shortly after them makes one more, with a distance", async () => {
  const { clock, loop, finish, begun, running } = await createBegunLoop();
  loop.request();
  loop.request();
  await clock.advance(DISTANCE_MS - 1);
  assert.equal(begun(), 1);
  await clock.advance(1);
  assert.equal(begun(), 2);
  loop.request();
  loop.request();
  await clock.advance(10 * ORDINARY_MS);
  assert.deepEqual([begun(), running.length], [2, 1], "one at a time");
  await finish();
  await clock.advance(DISTANCE_MS);
  assert.equal(begun(), 3);
  await finish();
  await clock.advance(ORDINARY_MS - 1);
  assert.equal(begun(), 3);
});

Deno.test("CatchUpLoop runs every ordinary interval", async () => {
  const { clock, finish, begun } = await createBegunLoop();
  for (let n = 2; n < 5; n++) {
    await clock.advance(ORDINARY_MS - 1);
    assert.equal(begun(), n - 1);
    await clock.advance(1);
    assert.equal(begun(), n);
    await finish();
  }
});

Deno.test("CatchUpLoop waits while changes arrive, but no longer than the ordinary interval", async () => {
  const { clock, loop, begun } = await createBegunLoop();
  loop.sent(updated({ status: "processing" }));
  for (let ms = 0; ms < ORDINARY_MS; ms += RETRY_MS) {
    assert.equal(begun(), 1, `after ${ms} ms`);
    loop.feedDelivered();
    await clock.advance(RETRY_MS);
  }
  await clock.advance(FAST_MS);
  assert.equal(begun(), 2);
});

Deno.test("CatchUpLoop counts the wait from the last change that arrived", async () => {
  const { clock, loop, begun } = await createBegunLoop("found");
  loop.sent(updated({ status: "processing" }));
  await clock.advance(FAST_MS - 1);
  loop.feedDelivered();
  await clock.advance(FAST_MS - 1);
  assert.equal(begun(), 1);
  await clock.advance(1);
  assert.equal(begun(), 2);
});

Deno.test("CatchUpLoop retries after a failure although changes arrive", async () => {
  const { clock, loop, begun } = await createBegunLoop("failed");
  for (let ms = 0; ms < RETRY_MS; ms += 100) {
    loop.feedDelivered();
    await clock.advance(100);
  }
  assert.equal(begun(), 2);
});

Deno.test("CatchUpLoop goes on after a run that throws", async () => {
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    errors.push(event.reason);
  };
  let begun = 0;
  const run = (): Promise<CatchUpOutcome> => {
    return ++begun === 1 ? Promise.reject("a bug") : Promise.resolve("nothing");
  };
  addEventListener("unhandledrejection", note);
  try {
    const times = { catchUpMs: ORDINARY_MS, clock, random: () => 0.5 };
    new CatchUpLoop({ run, onEnded() {} }, times).begin({ waitForFeed: false });
    await clock.advance(RETRY_MS);
  } finally {
    removeEventListener("unhandledrejection", note);
  }
  assert.deepEqual([begun, errors], [2, ["a bug"]], "the error is not swallowed");
});

Deno.test("CatchUpLoop shortens a wait that has become too long", async (t) => {
  const causes: Record<string, (loop: CatchUpLoop) => void> = {
    "the feed is down": (loop) => loop.feedChanged({ live: false }),
    "a file is in progress": (loop) => loop.sent(updated({ status: "processing" })),
  };
  for (const [name, cause] of Object.entries(causes)) {
    await t.step(name, async () => {
      const { clock, loop, begun } = await createBegunLoop("found");
      cause(loop);
      await clock.advance(FAST_MS);
      assert.equal(begun(), 2);
    });
  }
});

Deno.test("CatchUpLoop makes no other run of a wait that passes, or begins, during a run", async () => {
  const { clock, loop, finish, begun } = await createBegunLoop("found");
  await clock.advance(DISTANCE_MS);
  loop.request();
  loop.sent(updated({ status: "processing" }));
  await clock.advance(10 * ORDINARY_MS);
  await finish("found");
  await clock.advance(FAST_MS - 1);
  assert.equal(begun(), 2);
});

Deno.test("CatchUpLoop does not put off a requested run because a file is in progress", async () => {
  const { clock, loop, begun } = await createBegunLoop("found");
  loop.request();
  loop.sent(updated({ status: "processing" }));
  await clock.advance(DISTANCE_MS);
  assert.equal(begun(), 2);
});

Deno.test("CatchUpLoop.reset() forgets the files in progress", async () => {
  const { clock, loop, finish, begun } = createLoop();
  loop.begin({ waitForFeed: false });
  loop.sent(updated({ status: "processing" }));
  loop.reset();
  await finish("found");
  await clock.advance(ORDINARY_MS - 1);
  assert.equal(begun(), 1);
});

Deno.test("CatchUpLoop ends with its signal, in a wait and in a run", async (t) => {
  await t.step("in a wait", async () => {
    const { clock, loop, begun } = await createBegunLoop();
    loop.stop();
    loop.request();
    await clock.advance(10 * ORDINARY_MS);
    assert.deepEqual([begun(), clock.pending], [1, 0]);
  });
  await t.step("in a run", async () => {
    const { clock, loop, finish, begun } = createLoop();
    loop.begin({ waitForFeed: false });
    loop.request();
    loop.stop();
    await finish();
    await clock.advance(10 * ORDINARY_MS);
    assert.deepEqual([begun(), clock.pending], [1, 0]);
  });
});
