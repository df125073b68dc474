import assert from "node:assert/strict";
import { Lifetime } from "../../../supabase/functions/file-events/stream/lifetime.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const HOUR = 3_600_000;

function start(
  { expiresIn = HOUR, limitMs = Infinity, age = 0, random = 0.5, isShutDown = false } = {},
) {
  const clock = new FakeClock();
  const shutdown = isShutDown ? AbortSignal.abort() : new AbortController().signal;
  const isolate = { startedAt: clock.now() - age, limitMs, shutdown };
  const lifetime = new Lifetime(clock.now() + expiresIn, { isolate, clock, random: () => random });
  return { clock, lifetime, signal: lifetime.signal };
}

/** Milliseconds until a lifetime ends by itself. */
async function duration(options: Parameters<typeof start>[0]): Promise<number> {
  const { clock, signal } = start(options);
  const openedAt = clock.now();
  let endedAt = NaN;
  signal.addEventListener("abort", () => endedAt = clock.now());
  await clock.advance(2 * HOUR);
  return endedAt - openedAt;
}

Deno.test("Lifetime ends 5 to 15 s before the token does: token-expired", async () => {
  assert.equal(await duration({ expiresIn: HOUR, random: 0 }), HOUR - 5_000);
  assert.equal(await duration({ expiresIn: HOUR, random: 1 }), HOUR - 15_000);
  const { clock, signal } = start({ expiresIn: 30_000, random: 0 });
  await clock.advance(24_999);
  assert.equal(signal.aborted, false);
  await clock.advance(1);
  assert.equal(signal.reason, "token-expired");
});

Deno.test("Lifetime ends between 25 and 95 % of what is left to the isolate: max-duration", async () => {
  const limitMs = 150_000;
  const last = 0.88 * limitMs;
  assert.equal(await duration({ limitMs, random: 0 }), 0.25 * last);
  const latest = await duration({ limitMs, random: 1 });
  assert.ok(Math.abs(latest - 0.95 * last) < 1, `${latest}`);
  const { clock, signal } = start({ limitMs, age: 75_000, random: 0 });
  await clock.advance(0.25 * (last - 75_000));
  assert.equal(signal.reason, "max-duration");
});

Deno.test("Lifetime gives a stream at least as long as one of the isolate's first half", async (t) => {
  const limitMs = 150_000;
  for (const random of [0, 0.5, 1]) {
    const shortest = await duration({ limitMs, age: limitMs / 2, random });
    for (const age of [80_000, 131_000, 132_000, 149_999, 150_000, 399_000, 10 * HOUR]) {
      await t.step(`age ${age} ms, random ${random}`, async () => {
        const ms = await duration({ expiresIn: 2 * HOUR, limitMs, age, random });
        assert.ok(ms >= shortest, `${ms} < ${shortest}`);
      });
    }
  }
});

Deno.test("Lifetime takes the time from the limit on for new, because the limit is wrong", async () => {
  const limitMs = 150_000;
  const longest = await duration({ limitMs, random: 1 });
  assert.equal(await duration({ limitMs, age: limitMs, random: 1 }), longest);
});

Deno.test("Lifetime gives a token that is about to expire a second", async () => {
  assert.equal(await duration({ expiresIn: 2_000 }), 1_000);
});

Deno.test("Lifetime ends within a time, at a random moment, and at one of them alone", async () => {
  for (const [random, ms] of [[0.1, 500], [0.5, 2_500], [0.999, 4_995]] as const) {
    const { clock, signal, lifetime } = start({ random });
    lifetime.endWithin(5_000, "token-expired");
    await clock.advance(ms - 1);
    assert.equal(signal.aborted, false);
    await clock.advance(1);
    assert.equal(signal.reason, "token-expired");
    assert.equal(clock.pending, 0);
  }
  const { clock, lifetime } = start();
  lifetime.endWithin(5_000, "token-expired");
  lifetime.endWithin(5_000, "token-expired");
  assert.equal(clock.pending, 2, "of the token and of the end");
});

Deno.test("Lifetime that has ended sets no timer for another end", () => {
  const { clock, lifetime } = start();
  lifetime.end("cancelled");
  lifetime.endWithin(5_000, "token-expired");
  assert.equal(clock.pending, 0);
});

Deno.test("Lifetime ends by whichever comes first", async () => {
  const { clock, signal } = start({ expiresIn: 40_000, limitMs: 400_000 });
  await clock.advance(40_000);
  assert.equal(signal.reason, "token-expired");
});

Deno.test("Lifetime sets one timer, for what comes first", () => {
  assert.equal(start({ limitMs: Infinity }).clock.pending, 1);
  assert.equal(start({ limitMs: 150_000 }).clock.pending, 1);
});

Deno.test("Lifetime has ended already in an isolate that is shutting down", () => {
  const { clock, signal } = start({ isShutDown: true });
  assert.equal(signal.reason, "shutdown");
  assert.equal(clock.pending, 0);
});

Deno.test("Lifetime ends as told, once, and keeps the first reason", () => {
  for (const reason of ["cancelled", "slow-consumer"] as const) {
    const { signal, lifetime } = start();
    let times = 0;
    signal.addEventListener("abort", () => times++);
    lifetime.end(reason);
    lifetime.end("max-duration");
    assert.equal(signal.reason, reason);
    assert.equal(times, 1);
  }
});

Deno.test("Lifetime leaves no timer behind, however it ends", async (t) => {
  const endings: Record<string, (started: ReturnType<typeof start>) => unknown> = {
    cancelled: ({ lifetime }) => lifetime.end("cancelled"),
    "token-expired": ({ clock }) => clock.advance(HOUR),
  };
  for (const [name, ending] of Object.entries(endings)) {
    await t.step(name, async () => {
      const started = start({ limitMs: 100 * HOUR });
      assert.equal(started.clock.pending, 1);
      await ending(started);
      assert.equal(started.signal.reason, name);
      assert.equal(started.clock.pending, 0);
    });
  }
});
