import assert from "node:assert/strict";
import { limitConcurrency } from "../../demo/processing/limit_concurrency.ts";

Deno.test("limitConcurrency() starts tasks in order, at most `limit` at a time", async () => {
  const limit = limitConcurrency(2);
  const started: number[] = [];
  const tasks = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const done = tasks.map(({ promise }, i) => limit(() => (started.push(i), promise)));

  assert.deepEqual(started, [0, 1]);
  tasks[1]!.resolve();
  await done[1];
  assert.deepEqual(started, [0, 1, 2]);
  for (const { resolve } of tasks) resolve();
  await Promise.all(done);
  assert.deepEqual(started, [0, 1, 2, 3]);
});

Deno.test("limitConcurrency() goes on after a task that fails", async () => {
  const limit = limitConcurrency(1);
  const failing = limit(() => Promise.reject(new Error("no")));
  const next = limit(() => Promise.resolve("yes"));
  await assert.rejects(failing, new Error("no"));
  assert.equal(await next, "yes");
});
