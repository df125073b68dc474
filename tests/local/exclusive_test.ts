import assert from "node:assert/strict";
import { createExclusive } from "../../local/exclusive.ts";

Deno.test("createExclusive() runs one work at a time, in the order of the calls", async () => {
  const exclusive = createExclusive();
  const log: string[] = [];
  const work = (name: string) => async () => {
    log.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    log.push(`${name} ends`);
    return name;
  };
  const results = await Promise.all(["a", "b", "c"].map((name) => exclusive(work(name))));
  assert.deepEqual(results, ["a", "b", "c"]);
  assert.deepEqual(log, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

Deno.test("createExclusive() goes on after a work that fails, and tells its caller", async () => {
  const exclusive = createExclusive();
  const failed = exclusive(() => Promise.reject(new Error("no")));
  const next = exclusive(() => Promise.resolve("yes"));
  await assert.rejects(failed, /no/);
  assert.equal(await next, "yes");
});
