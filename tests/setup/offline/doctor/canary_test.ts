import assert from "node:assert/strict";
import { Canary } from "../../../../setup/doctor/canary.ts";
import type { CanaryWriter, Written } from "../../../../setup/doctor/canary_writer.ts";
import { DEFAULT_MAPPING } from "../../../../setup/mapping/table_mapping.ts";

const LOST: Written = { result: "unknown", ids: [] };

/** A canary whose insert has no answer, and whose deletions have these. */
async function lostInsert(...answers: Written[]) {
  const places: string[] = [];
  const writer: CanaryWriter = {
    insert: () => Promise.resolve(LOST),
    update: () => Promise.resolve(LOST),
    remove({ column }) {
      places.push(column);
      return Promise.resolve(answers.shift() ?? LOST);
    },
  };
  const options = { mapping: DEFAULT_MAPPING, userId: "u", more: {}, writers: [writer] };
  const canary = new Canary({ ...options, retryMs: 1 });
  await canary.insert();
  return { canary, places };
}

Deno.test("Canary.release() tries again while deletions have no answer", async () => {
  const { canary, places } = await lostInsert(LOST, { result: "done", ids: ["a"] });
  assert.equal(await canary.release(), true);
  assert.equal(places.length, 2);
});

Deno.test("Canary.release() gives up after three attempts, and says so", async () => {
  const { canary, places } = await lostInsert();
  assert.equal(await canary.release(), false);
  assert.equal(places.length, 3);
});

Deno.test("Canary.release() looks for a row without its id by its name", async () => {
  const { canary, places } = await lostInsert({ result: "done", ids: [] }, {
    result: "done",
    ids: ["b"],
  });
  assert.equal(await canary.release(), true);
  assert.deepEqual(places, ["id", "filename"]);
});
