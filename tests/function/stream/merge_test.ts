import assert from "node:assert/strict";
import { Merge } from "../../../supabase/functions/file-events/stream/merge.ts";
import { Backlog } from "../../../supabase/functions/file-events/stream/backlog.ts";
import { Outbox } from "../../../supabase/functions/file-events/stream/outbox.ts";
import { fileId, updated, upTo } from "../../support/example_change.ts";
import { examplePage as page } from "../../support/example_page.ts";

/** File `n` at a revision. */
const file = (n: number, revision: number, changedIn = revision) =>
  updated({ id: fileId(n), revision, changedIn });

function createMerge({ maxFiles = 10 } = {}) {
  const outbox = new Outbox("c0", () => {}, new Backlog());
  return { outbox, merge: new Merge(outbox, maxFiles) };
}

/** A merge whose first catch-up is complete. */
function createCaughtUp(options: { maxFiles?: number } = {}) {
  const created = createMerge(options);
  created.merge.beginCatchUp();
  created.merge.applyPage(page());
  created.merge.endCatchUp();
  return created;
}

Deno.test("Merge leaves live changes before the first page to another catch-up", () => {
  const { merge, outbox } = createMerge();
  merge.beginCatchUp();
  assert.equal(merge.receive(file(1, 1)), "left to catch-up");
  merge.applyPage(page());
  assert.equal(merge.endCatchUp(), true, "the page may be older");
  assert.equal(outbox.isEmpty, true);
  merge.beginCatchUp();
  assert.equal(merge.endCatchUp(), false);
});

Deno.test("Merge lets another catch-up bring what it dropped, also if the first one has failed", () => {
  const { merge } = createMerge();
  merge.beginCatchUp();
  assert.equal(merge.receive(file(1, 1)), "left to catch-up");
  merge.applyPage(page({ more: true }));
  merge.beginCatchUp();
  merge.applyPage(page());
  assert.equal(merge.endCatchUp(), true);
});

Deno.test("Merge asks for no other catch-up because of a change before one that begins anew", () => {
  const { merge } = createMerge();
  merge.beginCatchUp();
  assert.equal(merge.receive(file(1, 1)), "left to catch-up");
  // It fails without a page, so the next one reads a newer snapshot.
  merge.beginCatchUp();
  merge.applyPage(page());
  assert.equal(merge.endCatchUp(), false);
});

Deno.test("Merge passes a live change after the first page, while the catch-up goes on", () => {
  const { merge, outbox } = createMerge();
  merge.beginCatchUp();
  merge.applyPage(page({ more: true }));
  assert.equal(merge.receive(file(1, 1)), "sent");
  assert.equal(outbox.fileCount, 1);
  assert.equal(merge.endCatchUp(), false);
});

Deno.test("Merge says what becomes of a live change", () => {
  const { merge } = createMerge();
  merge.beginCatchUp();
  merge.applyPage(page({ coverage: upTo(5n), revision: 8 }));
  merge.endCatchUp();
  assert.equal(merge.receive(file(1, 9)), "sent");
  assert.equal(merge.receive(file(1, 9)), "known");
  assert.equal(merge.receive(file(2, 10, 4)), "known", "the catch-up covers it");
  assert.equal(
    merge.receive(file(3, 7, 20)),
    "uncertain",
    "an earlier connection may have sent more",
  );
});

Deno.test("Merge.applyPage() sends only what the client lacks", () => {
  const { merge, outbox } = createCaughtUp();
  merge.receive(file(1, 5));
  const [older, same, newer] = [file(1, 4), file(1, 5), file(2, 6)];
  const verdict = merge.applyPage(page({ cursor: "c2", changes: [older, same, newer] }));
  assert.deepEqual(verdict, { found: [newer], sent: [newer], overflow: false });
  assert.equal(outbox.cursor, "c2");
});

Deno.test("Merge.applyPage() finds nothing in what may have been sent before, and sends it", () => {
  const { merge } = createMerge();
  merge.beginCatchUp();
  merge.applyPage(page({ revision: 8 }));
  const change = file(1, 7);
  assert.deepEqual(merge.applyPage(page({ changes: [change] })), {
    found: [],
    sent: [change],
    overflow: false,
  });
});

Deno.test("Merge.applyPage() with a reset drops what passed, and another catch-up must bring it", () => {
  const { merge, outbox } = createCaughtUp();
  merge.beginCatchUp();
  assert.equal(merge.receive(file(1, 9)), "sent");
  merge.applyPage(page({ reset: true }));
  assert.equal(outbox.fileCount, 0);
  assert.equal(merge.endCatchUp(), true);
});

Deno.test("Merge.applyPage() with a reset asks for no other catch-up when nothing passed in this catch-up", () => {
  const { merge } = createCaughtUp();
  assert.equal(merge.receive(file(1, 9)), "sent");
  merge.beginCatchUp();
  merge.applyPage(page({ reset: true }));
  assert.equal(merge.endCatchUp(), false);
});

Deno.test("Merge drops all that waits when too many files do, and starts over from the last sent cursor", () => {
  const { merge, outbox } = createCaughtUp({ maxFiles: 2 });
  outbox.putReady();
  assert.equal(outbox.take()?.cursor, "c1");
  merge.applyPage(page({ cursor: "c2" }));
  const { generation } = merge;
  assert.equal(merge.receive(file(1, 11)), "sent");
  assert.equal(merge.receive(file(2, 12)), "sent");
  assert.equal(merge.receive(file(3, 13)), "overflow");
  assert.deepEqual([outbox.fileCount, outbox.cursor], [0, "c1"]);
  assert.notEqual(merge.generation, generation, "pages under way are void");
  assert.equal(merge.receive(file(4, 14)), "left to catch-up");
  merge.beginCatchUp();
  const verdict = merge.applyPage(page({ changes: [file(1, 11), file(2, 12)] }));
  assert.equal(verdict.overflow, false);
  assert.equal(merge.receive(file(4, 15)), "left to catch-up", "until the catch-up is complete");
  assert.equal(merge.endCatchUp(), true);
  while (outbox.take());
  assert.equal(merge.receive(file(4, 15)), "sent");
});

Deno.test("Merge lets another catch-up bring what it dropped after an overflow, also after a failure", () => {
  const { merge } = createCaughtUp({ maxFiles: 1 });
  merge.beginCatchUp();
  merge.applyPage(page({ changes: [file(1, 11), file(2, 12)] }));
  assert.equal(merge.receive(file(3, 13)), "left to catch-up");
  merge.beginCatchUp();
  merge.applyPage(page());
  assert.equal(merge.endCatchUp(), true, "the cursor may be one from the middle of a run");
});

Deno.test("Merge.applyPage() says so when there is no room for a page's first change", () => {
  const { merge } = createCaughtUp({ maxFiles: 2 });
  merge.receive(file(1, 11));
  merge.receive(file(2, 12));
  assert.equal(merge.applyPage(page({ changes: [file(3, 13)] })).overflow, true);
});

Deno.test("Merge.endCatchUp() forgets what the catch-up covers, and is uncertain of what may be older", () => {
  const { merge } = createCaughtUp();
  assert.equal(merge.receive(file(1, 9, 5)), "sent");
  merge.beginCatchUp();
  merge.applyPage(page({ coverage: upTo(10n) }));
  merge.endCatchUp();
  assert.equal(merge.receive(file(2, 8, 12)), "uncertain");
});

Deno.test("Merge makes pages under way void when it overflows with files that need not be remembered", () => {
  const { merge } = createCaughtUp({ maxFiles: 2 });
  merge.applyPage(page({ coverage: upTo(100n), changes: [file(1, 11), file(2, 12)] }));
  const { generation } = merge;
  assert.equal(merge.receive(file(3, 13, 200)), "overflow");
  assert.notEqual(merge.generation, generation);
});

Deno.test("Merge.applyPage() says that a page had no room, and does not take its cursor", () => {
  const { merge, outbox } = createCaughtUp({ maxFiles: 2 });
  const changes = [file(1, 11), file(2, 12), file(3, 13)];
  const verdict = merge.applyPage(page({ cursor: "c2", changes }));
  assert.deepEqual(verdict, { found: changes, sent: [], overflow: true });
  assert.deepEqual([outbox.fileCount, outbox.cursor], [0, "c0"]);
});
