import assert from "node:assert/strict";
import { createLimiter } from "../../supabase/functions/file-events/limiter.ts";
import { settle } from "../support/fake_clock.ts";

Deno.test("createLimiter() runs at most so many at once, in the order they came", async () => {
  const limit = createLimiter(2);
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const run = (n: number) =>
    limit(() => {
      started.push(n);
      return new Promise<number>((resolve) => finish[n] = () => resolve(n));
    });
  const results = [0, 1, 2, 3].map(run);
  await settle();
  assert.deepEqual(started, [0, 1]);
  finish[1]?.();
  await settle();
  assert.deepEqual(started, [0, 1, 2]);
  finish[0]?.();
  await settle();
  assert.deepEqual(started, [0, 1, 2, 3]);
  finish[2]?.();
  finish[3]?.();
  assert.deepEqual(await Promise.all(results), [0, 1, 2, 3]);
});

Deno.test("createLimiter() lets nobody slip in between a release and the next in line", async () => {
  const limit = createLimiter(1);
  const order: string[] = [];
  let release = () => {};
  const first = limit(() => new Promise<void>((resolve) => release = resolve));
  const second = limit(() => Promise.resolve(void order.push("waited")));
  release();
  await first;
  const third = limit(() => Promise.resolve(void order.push("came later")));
  await Promise.all([second, third]);
  assert.deepEqual(order, ["waited", "came later"]);
});

Deno.test("createLimiter() gives a place free when its work fails", async () => {
  const limit = createLimiter(1);
  const failing = limit(() => Promise.reject(new Error("failed")));
  const throwing = limit(() => {
    throw new Error("threw");
  });
  const next = limit(() => Promise.resolve("done"));
  await assert.rejects(failing, /failed/);
  await assert.rejects(throwing, /threw/);
  assert.equal(await next, "done");
});
