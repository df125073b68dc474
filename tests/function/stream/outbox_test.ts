import assert from "node:assert/strict";
import { Outbox, type OutboxEntry } from "../../../supabase/functions/file-events/stream/outbox.ts";
import { deleted, fileId, updated } from "../database/example_change.ts";
import { settle } from "../fake_clock.ts";

const [A, B, C] = [fileId(1), fileId(2), fileId(3)];

/** `kind`, or the file's number and revision, then `@cursor`. */
function describe(entry: OutboxEntry): string {
  const cursor = entry.cursor === undefined ? "" : `@${entry.cursor}`;
  if (entry.kind !== "change") return entry.kind + cursor;
  const { id, revision, deleted } = entry.change;
  return `${deleted ? "-" : ""}${Number(id.slice(-12))}:${revision}${cursor}`;
}

function takeAll(outbox: Outbox): string[] {
  const taken: string[] = [];
  for (let entry = outbox.take(); entry; entry = outbox.take()) taken.push(describe(entry));
  return taken;
}

Deno.test("Outbox gives out in the order of what was put in", () => {
  const outbox = new Outbox(null);
  outbox.putReset();
  outbox.putChange(updated({ id: B, revision: 1 }));
  outbox.putChange(deleted({ id: A, revision: 2 }));
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), ["reset", "2:1", "-1:2", "ready"]);
  assert.equal(outbox.take(), undefined);
});

Deno.test("Outbox.putChange() replaces an older state that waits, in its place", () => {
  const outbox = new Outbox(null);
  outbox.putChange(updated({ id: A, revision: 1 }));
  outbox.putChange(updated({ id: B, revision: 2 }));
  outbox.putChange(updated({ id: A, revision: 3 }));
  assert.equal(outbox.fileCount, 2);
  assert.deepEqual(takeAll(outbox), ["1:3", "2:2"]);
});

Deno.test("Outbox.putChange() gives a file that was taken a new place", () => {
  const outbox = new Outbox(null);
  outbox.putChange(updated({ id: A, revision: 1 }));
  assert.deepEqual(takeAll(outbox), ["1:1"]);
  outbox.putChange(updated({ id: A, revision: 2 }));
  assert.deepEqual(takeAll(outbox), ["1:2"]);
});

Deno.test("Outbox.advance() lets the cursor ride on the last change that waits", () => {
  const outbox = new Outbox(null);
  outbox.putReset();
  outbox.putChange(updated({ id: A }));
  outbox.putChange(updated({ id: B }));
  outbox.advance("c1");
  outbox.putChange(updated({ id: C }));
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), ["reset", "1:1", "2:1@c1", "3:1", "ready@c1"]);
});

Deno.test("Outbox.advance() with nothing waiting leaves the cursor to what comes next in order", () => {
  const outbox = new Outbox("c0");
  outbox.advance("c1");
  assert.equal(outbox.cursor, "c1");
  outbox.putChange(updated({ id: A }));
  outbox.putHeartbeat();
  assert.deepEqual(takeAll(outbox), ["1:1", "heartbeat@c1"]);
});

Deno.test("Outbox keeps a cursor whose entry is replaced by a newer state", () => {
  const outbox = new Outbox(null);
  outbox.putChange(updated({ id: A, revision: 1 }));
  outbox.advance("c1");
  outbox.putChange(updated({ id: B, revision: 2 }));
  outbox.putChange(updated({ id: A, revision: 3 }));
  assert.deepEqual(takeAll(outbox), ["1:3@c1", "2:2"]);
});

Deno.test("Outbox never gives out a cursor ahead of a change that it covers", () => {
  const outbox = new Outbox("c0");
  outbox.putHeartbeat();
  outbox.putChange(updated({ id: A, revision: 1 }));
  outbox.advance("c1");
  // The heartbeat that waits is older than the change: it must move behind it with the new cursor.
  outbox.putHeartbeat();
  assert.deepEqual(takeAll(outbox), ["1:1@c1", "heartbeat@c1"]);
});

Deno.test("Outbox.putHeartbeat() keeps one heartbeat, behind all that waits", () => {
  const outbox = new Outbox("c0");
  outbox.putHeartbeat();
  outbox.putReady();
  outbox.putHeartbeat();
  assert.deepEqual(takeAll(outbox), ["ready@c0", "heartbeat@c0"]);
});

Deno.test("Outbox.putReady() puts it once, whether it waits or has been taken", () => {
  const outbox = new Outbox("c0");
  outbox.putReady();
  outbox.putHeartbeat();
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), ["ready@c0", "heartbeat@c0"]);
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), []);
});

Deno.test("Outbox.advance() gives a reset no cursor: what follows it has not been sent", () => {
  const outbox = new Outbox(null);
  outbox.putReset();
  outbox.advance("c1");
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), ["reset", "ready@c1"]);
});

Deno.test("Outbox.putReset() drops all that waits and the cursor with it", () => {
  const outbox = new Outbox("c0");
  outbox.putChange(updated({ id: A }));
  outbox.advance("c1");
  outbox.putReset();
  assert.equal(outbox.cursor, null);
  assert.equal(outbox.fileCount, 0);
  outbox.putHeartbeat();
  assert.deepEqual(takeAll(outbox), ["reset", "heartbeat"]);
});

Deno.test("Outbox.clear() goes back to the last cursor that was taken", () => {
  const outbox = new Outbox("c0");
  outbox.putChange(updated({ id: A }));
  outbox.advance("c1");
  outbox.putChange(updated({ id: B }));
  outbox.advance("c2");
  assert.equal(describe(outbox.take() as OutboxEntry), "1:1@c1");
  outbox.clear();
  assert.equal(outbox.cursor, "c1");
  assert.equal(outbox.fileCount, 0);
  assert.equal(outbox.take(), undefined);
});

Deno.test("Outbox.clear() goes back to the client's own cursor when none was taken", () => {
  const outbox = new Outbox("c0");
  outbox.putChange(updated({ id: A }));
  outbox.advance("c1");
  outbox.clear();
  assert.equal(outbox.cursor, "c0");
});

Deno.test("Outbox counts what was taken and says when ready was", () => {
  const outbox = new Outbox(null);
  outbox.putChange(updated({}));
  outbox.putReady();
  assert.deepEqual([outbox.takenCount, outbox.readyTaken], [0, false]);
  outbox.take();
  assert.deepEqual([outbox.takenCount, outbox.readyTaken], [1, false]);
  outbox.take();
  assert.deepEqual([outbox.takenCount, outbox.readyTaken], [2, true]);
});

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => settled = true);
  await settle();
  return settled;
}

Deno.test("Outbox.filled() resolves once something waits", async () => {
  const outbox = new Outbox(null);
  const filled = outbox.filled();
  assert.equal(await isSettled(filled), false);
  outbox.putHeartbeat();
  assert.equal(await isSettled(filled), true);
  assert.equal(await isSettled(outbox.filled()), true);
});

Deno.test("Outbox.drained() resolves once no file waits, whatever else does", async () => {
  const outbox = new Outbox(null);
  assert.equal(await isSettled(outbox.drained()), true);
  outbox.putReset();
  outbox.putChange(updated({ id: A }));
  outbox.putChange(updated({ id: B }));
  outbox.putReady();
  const drained = outbox.drained();
  outbox.take();
  outbox.take();
  assert.equal(await isSettled(drained), false);
  outbox.take();
  assert.equal(await isSettled(drained), true);
});

Deno.test("Outbox.drained() resolves when all that waits is dropped", async () => {
  const outbox = new Outbox(null);
  outbox.putChange(updated({}));
  const drained = outbox.drained();
  outbox.clear();
  assert.equal(await isSettled(drained), true);
});

Deno.test("Outbox.close() lets go of all who wait, and takes nothing more", async () => {
  const outbox = new Outbox(null);
  const filled = outbox.filled();
  outbox.close();
  assert.equal(await isSettled(filled), true);
  outbox.putReset();
  outbox.putChange(updated({}));
  outbox.putHeartbeat();
  outbox.advance("c1");
  assert.equal(outbox.take(), undefined);
  assert.equal(await isSettled(outbox.filled()), true);
  // A count that stays up would leave a catch-up waiting for ever.
  assert.equal(await isSettled(outbox.drained()), true);
});
