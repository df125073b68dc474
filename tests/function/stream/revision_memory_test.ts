import assert from "node:assert/strict";
import { RevisionMemory } from "../../../supabase/functions/file-events/stream/revision_memory.ts";
import { deleted, fileId, updated, upTo } from "../../support/example_change.ts";

const [A, B] = [fileId(1), fileId(2)];

Deno.test("RevisionMemory.judge() passes a later state of a file and stops earlier ones", () => {
  const memory = new RevisionMemory(1000);
  memory.remember(updated({ id: A, revision: 5 }));
  assert.equal(memory.judge(updated({ id: A, revision: 6 })), "new");
  assert.equal(memory.judge(updated({ id: A, revision: 5 })), "known");
  assert.equal(memory.judge(updated({ id: A, revision: 4 })), "known");
  assert.equal(memory.judge(deleted({ id: A, revision: 4 })), "known");
  assert.equal(memory.judge(deleted({ id: A, revision: 7 })), "new");
});

Deno.test("RevisionMemory.judge() tells files apart", () => {
  const memory = new RevisionMemory(1000);
  memory.remember(updated({ id: A, revision: 5 }));
  assert.equal(memory.judge(updated({ id: B, revision: 4 })), "new");
});

Deno.test("RevisionMemory.judge() lets no update follow the deletion that outdates it", () => {
  const memory = new RevisionMemory(1000);
  memory.remember(deleted({ id: A, revision: 5 }));
  assert.equal(memory.judge(updated({ id: A, revision: 4 })), "known");
  assert.equal(memory.judge(updated({ id: A, revision: 6 })), "new");
});

Deno.test("RevisionMemory.judge() leaves what is below the horizon to the catch-up", () => {
  const memory = new RevisionMemory(1000);
  memory.extendCoverage(upTo(100n));
  assert.equal(memory.judge(updated({ revision: 9, changedIn: 99 })), "known");
  assert.equal(memory.judge(updated({ revision: 9, changedIn: 100 })), "new");
});

Deno.test("RevisionMemory.extendCoverage() never moves the horizon back", () => {
  const memory = new RevisionMemory(1000);
  memory.extendCoverage(upTo(100n));
  memory.extendCoverage(upTo(50n));
  assert.equal(memory.judge(updated({ changedIn: 99 })), "known");
});

Deno.test("RevisionMemory.lacks() finds what was not sent, and only that", () => {
  const memory = new RevisionMemory(1000);
  memory.remember(updated({ id: A, revision: 5 }));
  assert.equal(memory.lacks(updated({ id: A, revision: 5 })), false);
  assert.equal(memory.lacks(updated({ id: A, revision: 4 })), false);
  assert.equal(memory.lacks(updated({ id: A, revision: 6 })), true);
  assert.equal(memory.lacks(updated({ id: B, revision: 1 })), true);
});

Deno.test("RevisionMemory.lacks() believes a snapshot in which a deleted file lives", () => {
  const memory = new RevisionMemory(1000);
  memory.remember(deleted({ id: A, revision: 8, changedIn: 90 }));
  const row = updated({ id: A, revision: 7, changedIn: 95 });
  assert.equal(memory.lacks(row), false, "the deletion may be newer than the snapshot");
  memory.extendCoverage(upTo(100n));
  assert.equal(memory.lacks(row), true, "the snapshot covers the deletion");
});

Deno.test("RevisionMemory takes a deletion with the revision of an update for newer", () => {
  // The policies hide the state of the row that was sent.
  const memory = new RevisionMemory(1000);
  memory.remember(updated({ id: A, revision: 5 }));
  assert.equal(memory.judge(deleted({ id: A, revision: 5 })), "new");
  assert.equal(memory.lacks(deleted({ id: A, revision: 5 })), true);
  memory.remember(deleted({ id: A, revision: 5 }));
  assert.equal(memory.judge(deleted({ id: A, revision: 5 })), "known");
  assert.equal(memory.lacks(deleted({ id: A, revision: 5 })), false);
});

Deno.test("RevisionMemory lets no state follow that a deletion with its revision hides", () => {
  const memory = new RevisionMemory(1000);
  memory.remember(deleted({ id: A, revision: 5, changedIn: 90 }));
  const row = updated({ id: A, revision: 5, changedIn: 90 });
  assert.equal(memory.judge(row), "known");
  memory.extendCoverage(upTo(100n));
  assert.equal(memory.lacks(row), false, "though the snapshot covers the deletion");
});

Deno.test("RevisionMemory stops a late state of a file whose newer one lies below the horizon", () => {
  // Transaction 20 wrote revision 5 and committed; then transaction 10, which began earlier, wrote
  // revision 6. A third one holds the horizon at 15. The first one's message comes last.
  const memory = new RevisionMemory(1000);
  memory.extendCoverage(upTo(15n));
  memory.remember(updated({ id: A, revision: 6, changedIn: 10 }));
  memory.endCatchUp();
  assert.equal(memory.judge(updated({ id: A, revision: 5, changedIn: 20 })), "uncertain");
  assert.equal(memory.judge(updated({ id: A, revision: 7, changedIn: 20 })), "new");
});

Deno.test("RevisionMemory.endCatchUp() forgets what the catch-up covers, but not how far it went", () => {
  const memory = new RevisionMemory(1000);
  memory.remember(updated({ id: A, revision: 6, changedIn: 10 }));
  memory.extendCoverage(upTo(15n));
  memory.endCatchUp();
  assert.equal(memory.judge(updated({ id: A, revision: 5, changedIn: 20 })), "uncertain");
  assert.equal(memory.lacks(updated({ id: A, revision: 7, changedIn: 20 })), true);
});

Deno.test("RevisionMemory.endCatchUp() remembers what changed at or above the horizon", () => {
  const memory = new RevisionMemory(1000);
  memory.remember(updated({ id: A, revision: 6, changedIn: 15 }));
  memory.extendCoverage(upTo(15n));
  memory.endCatchUp();
  assert.equal(memory.lacks(updated({ id: A, revision: 6, changedIn: 15 })), false);
  assert.equal(memory.judge(updated({ id: A, revision: 5, changedIn: 16 })), "known");
});

Deno.test("RevisionMemory above its bound is uncertain of what it has forgotten", () => {
  const memory = new RevisionMemory(10);
  for (let n = 1; n <= 10; n++) memory.remember(updated({ id: fileId(n), revision: n }));
  const times = memory.generation;
  assert.equal(memory.judge(updated({ id: fileId(1), revision: 1 })), "known");
  memory.remember(updated({ id: fileId(11), revision: 11 }));
  assert.equal(memory.generation, times + 1, "a page asked for before may be too old");
  assert.equal(memory.judge(updated({ id: fileId(1), revision: 1 })), "uncertain");
  assert.equal(memory.judge(updated({ id: fileId(1), revision: 12 })), "new");
  assert.equal(memory.judge(updated({ id: fileId(11), revision: 11 })), "known");
});

Deno.test("RevisionMemory forgets those first that have not changed for longest", () => {
  const memory = new RevisionMemory(10);
  for (let n = 1; n <= 10; n++) memory.remember(updated({ id: fileId(n), revision: n }));
  memory.remember(updated({ id: fileId(1), revision: 11 }));
  memory.remember(updated({ id: fileId(11), revision: 12 }));
  assert.equal(memory.judge(updated({ id: fileId(1), revision: 11 })), "known");
  assert.equal(memory.judge(updated({ id: fileId(2), revision: 2 })), "uncertain");
});

Deno.test("RevisionMemory.assumeSent() is uncertain of what an earlier connection may have sent", () => {
  const memory = new RevisionMemory(1000);
  memory.assumeSent(100);
  assert.equal(memory.judge(updated({ revision: 100 })), "uncertain");
  assert.equal(memory.judge(updated({ revision: 101 })), "new");
});

Deno.test("RevisionMemory.forgetAll() is uncertain of all that was sent, and lacks it", () => {
  const memory = new RevisionMemory(1000);
  memory.extendCoverage(upTo(15n));
  memory.remember(updated({ id: A, revision: 6, changedIn: 20 }));
  memory.forgetAll();
  assert.equal(memory.judge(updated({ id: A, revision: 6, changedIn: 20 })), "uncertain");
  assert.equal(memory.judge(updated({ id: B, revision: 7, changedIn: 1 })), "new");
  assert.equal(memory.lacks(updated({ id: A, revision: 6, changedIn: 20 })), true);
});

Deno.test("RevisionMemory.reset() begins anew: the client has nothing", () => {
  const memory = new RevisionMemory(1000);
  memory.extendCoverage(upTo(15n));
  memory.assumeSent(100);
  memory.remember(updated({ id: A, revision: 101, changedIn: 20 }));
  memory.reset();
  assert.equal(memory.judge(updated({ id: A, revision: 1, changedIn: 1 })), "new");
});

Deno.test("RevisionMemory.judge() leaves to the catch-up what it covers above a transaction that runs", () => {
  const memory = new RevisionMemory(1000);
  memory.extendCoverage(upTo(100n, 10n));
  assert.equal(memory.judge(updated({ revision: 9, changedIn: 50 })), "known");
  assert.equal(memory.judge(updated({ revision: 9, changedIn: 10 })), "new");
});

Deno.test("RevisionMemory makes room with what a catch-up covers, and its pages stay good", () => {
  // A transaction that stays open holds the horizon below everything.
  const memory = new RevisionMemory(4);
  memory.extendCoverage(upTo(100n, 10n));
  for (let n = 1; n <= 20; n++) {
    memory.remember(updated({ id: fileId(n), revision: n, changedIn: 50 }));
  }
  assert.equal(memory.generation, 0);
  memory.remember(updated({ id: A, revision: 30, changedIn: 101 }));
  assert.equal(memory.judge(updated({ id: A, revision: 29, changedIn: 102 })), "known");
});

Deno.test("RevisionMemory.endCatchUp() keeps what lies above a transaction that runs", () => {
  // Or each live change of a transaction that began earlier would ask for a catch-up.
  const memory = new RevisionMemory(1000);
  memory.extendCoverage(upTo(100n, 10n));
  memory.remember(updated({ id: A, revision: 9, changedIn: 50 }));
  memory.endCatchUp();
  assert.equal(memory.judge(updated({ id: B, revision: 8, changedIn: 10 })), "new");
});
