import assert from "node:assert/strict";
import { Backlog } from "../../../supabase/functions/file-events/stream/backlog.ts";
import { Outbox, type OutboxEntry } from "../../../supabase/functions/file-events/stream/outbox.ts";
import { deleted, fileId, updated } from "../../support/example_change.ts";
import { settle } from "../../support/fake_clock.ts";

const [A, B, C] = [fileId(1), fileId(2), fileId(3)];

/** `kind`, or the file's number and revision, then `@cursor`. */
function describe(entry: OutboxEntry): string {
  const cursor = entry.cursor === undefined ? "" : `@${entry.cursor}`;
  if (entry.kind !== "change") return entry.kind + cursor;
  const { id, revision, deleted } = entry.change;
  return `${deleted ? "-" : ""}${Number(id.slice(-12))}:${revision}${cursor}`;
}

function createOutbox(cursor: string | null): Outbox {
  return new Outbox(cursor, () => {}, new Backlog());
}

function take(outbox: Outbox): string {
  return describe(outbox.take() as OutboxEntry);
}

function takeAll(outbox: Outbox): string[] {
  const taken: string[] = [];
  while (!outbox.isEmpty) taken.push(take(outbox));
  return taken;
}

Deno.test("Outbox gives out in the order of what was put in", () => {
  const outbox = createOutbox(null);
  outbox.putReset();
  outbox.putChange(updated({ id: B, revision: 1 }));
  outbox.putChange(deleted({ id: A, revision: 2 }));
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), ["reset@none", "2:1", "-1:2", "ready"]);
  assert.equal(outbox.isEmpty, true);
});

Deno.test("Outbox keeps files apart from other entries, whatever their ids are", () => {
  const outbox = createOutbox(null);
  const ids = ["ready", "heartbeat", "reset", "__proto__"];
  outbox.putReset();
  for (const id of ids) outbox.putChange(updated({ id }));
  outbox.putReady();
  outbox.putHeartbeat();
  outbox.putChange(deleted({ id: "ready" }));
  const taken = Array.from({ length: 7 }, () => outbox.take());
  assert.deepEqual(
    taken.map((entry) => entry?.kind === "change" ? entry.change.id : entry?.kind),
    ["reset", ...ids, "ready", "heartbeat"],
  );
  assert.ok(taken[1]?.kind === "change" && taken[1].change.deleted);
});

Deno.test("Outbox.putChange() replaces an older state that waits, in its place", () => {
  const outbox = createOutbox(null);
  outbox.putChange(updated({ id: A, revision: 1 }));
  outbox.putChange(updated({ id: B, revision: 2 }));
  outbox.putChange(updated({ id: A, revision: 3 }));
  assert.equal(outbox.fileCount, 2);
  assert.deepEqual(takeAll(outbox), ["1:3", "2:2"]);
});

Deno.test("Outbox.putChange() gives a file that was taken a new place", () => {
  const outbox = createOutbox(null);
  outbox.putChange(updated({ id: A, revision: 1 }));
  assert.deepEqual(takeAll(outbox), ["1:1"]);
  outbox.putChange(updated({ id: A, revision: 2 }));
  assert.deepEqual(takeAll(outbox), ["1:2"]);
});

Deno.test("Outbox.advance() lets the cursor ride on the last change that waits", () => {
  const outbox = createOutbox(null);
  outbox.putReset();
  outbox.putChange(updated({ id: A }));
  outbox.putChange(updated({ id: B }));
  outbox.advance("c1");
  outbox.putChange(updated({ id: C }));
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), ["reset@none", "1:1", "2:1@c1", "3:1", "ready@c1"]);
});

Deno.test("Outbox.advance() with nothing waiting leaves the cursor to what comes next in order", () => {
  const outbox = createOutbox("c0");
  outbox.advance("c1");
  assert.equal(outbox.cursor, "c1");
  outbox.putChange(updated({ id: A }));
  outbox.putHeartbeat();
  assert.deepEqual(takeAll(outbox), ["1:1", "heartbeat@c1"]);
});

Deno.test("Outbox keeps a cursor whose entry is replaced by a newer state", () => {
  const outbox = createOutbox(null);
  outbox.putChange(updated({ id: A, revision: 1 }));
  outbox.advance("c1");
  outbox.putChange(updated({ id: B, revision: 2 }));
  outbox.putChange(updated({ id: A, revision: 3 }));
  assert.deepEqual(takeAll(outbox), ["1:3@c1", "2:2"]);
});

Deno.test("Outbox never gives out a cursor ahead of a change that it covers", () => {
  const outbox = createOutbox("c0");
  outbox.putHeartbeat();
  outbox.putChange(updated({ id: A, revision: 1 }));
  outbox.advance("c1");
  // The heartbeat that waits is older than the change: it must move behind it with the new cursor.
  outbox.putHeartbeat();
  assert.deepEqual(takeAll(outbox), ["1:1@c1", "heartbeat"]);
});

Deno.test("Outbox.putHeartbeat() keeps one heartbeat, behind all that waits", () => {
  const outbox = createOutbox("c0");
  outbox.putHeartbeat();
  outbox.putReady();
  outbox.putHeartbeat();
  assert.deepEqual(takeAll(outbox), ["ready@c0", "heartbeat"]);
});

Deno.test("Outbox.putReady() puts it once, whether it waits or has been taken", () => {
  const outbox = createOutbox("c0");
  outbox.putReady();
  outbox.putHeartbeat();
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), ["ready@c0", "heartbeat"]);
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), []);
});

Deno.test("Outbox.advance() gives a reset no cursor, for what follows it has not been sent", () => {
  const outbox = createOutbox(null);
  outbox.putReset();
  outbox.advance("c1");
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), ["reset@none", "ready@c1"]);
});

Deno.test("Outbox.putReset() drops all that waits and the cursor with it", () => {
  const outbox = createOutbox("c0");
  outbox.putChange(updated({ id: A }));
  outbox.advance("c1");
  outbox.putReset();
  assert.equal(outbox.cursor, null);
  assert.equal(outbox.fileCount, 0);
  outbox.putHeartbeat();
  assert.deepEqual(takeAll(outbox), ["reset@none", "heartbeat"]);
});

Deno.test("Outbox.rewind() goes back to the last cursor that was taken, and puts a heartbeat", () => {
  const outbox = createOutbox("c0");
  outbox.putChange(updated({ id: A }));
  outbox.advance("c1");
  outbox.putChange(updated({ id: B }));
  outbox.advance("c2");
  assert.equal(take(outbox), "1:1@c1");
  outbox.rewind();
  assert.equal(outbox.cursor, "c1");
  assert.equal(outbox.fileCount, 0);
  assert.deepEqual(takeAll(outbox), ["heartbeat"]);
});

Deno.test("Outbox.rewind() goes back to the client's own cursor when none was taken", () => {
  const outbox = createOutbox("c0");
  outbox.putChange(updated({ id: A }));
  outbox.advance("c1");
  outbox.rewind();
  assert.equal(outbox.cursor, "c0");
});

Deno.test("Outbox puts ready again after a reset that follows one", () => {
  const outbox = createOutbox(null);
  outbox.putReset();
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), ["reset@none", "ready"]);
  outbox.putReset();
  outbox.advance("c1");
  outbox.putReady();
  outbox.putReady();
  assert.deepEqual(takeAll(outbox), ["reset@none", "ready@c1"]);
});

Deno.test("Outbox counts what was taken and says when ready was", () => {
  const outbox = createOutbox(null);
  outbox.putChange(updated({}));
  outbox.putReady();
  assert.deepEqual([outbox.takenCount, outbox.readyTaken], [0, false]);
  take(outbox);
  assert.deepEqual([outbox.takenCount, outbox.readyTaken], [1, false]);
  take(outbox);
  assert.deepEqual([outbox.takenCount, outbox.readyTaken], [2, true]);
});

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => settled = true);
  await settle();
  return settled;
}

Deno.test("Outbox calls onEntry for each entry that is put in, until it is closed", () => {
  let calls = 0;
  const outbox = new Outbox(null, () => calls++, new Backlog());
  outbox.putReset();
  outbox.putChange(updated({ id: A, revision: 1 }));
  outbox.putChange(updated({ id: A, revision: 2 }));
  outbox.putReady();
  outbox.putHeartbeat();
  assert.equal(calls, 5);
  outbox.close();
  outbox.putHeartbeat();
  assert.equal(calls, 5);
});

Deno.test("Outbox.take() gives nothing when nothing waits", () => {
  const outbox = createOutbox(null);
  assert.equal(outbox.take(), undefined);
  outbox.putChange(updated({ id: A }));
  take(outbox);
  assert.equal(outbox.take(), undefined);
});

Deno.test("Outbox.take() gives a heartbeat its cursor only if the client has not got it", () => {
  const outbox = createOutbox("c0");
  outbox.putHeartbeat();
  assert.equal(take(outbox), "heartbeat", "the client came with it");
  outbox.advance("c1");
  outbox.putHeartbeat();
  assert.equal(take(outbox), "heartbeat@c1");
  outbox.putHeartbeat();
  assert.equal(take(outbox), "heartbeat");
  outbox.putReady();
  assert.equal(take(outbox), "ready@c1");
});

Deno.test("Outbox.flushed() resolves once all that waited has been taken, whatever has come since", async () => {
  const outbox = createOutbox(null);
  assert.equal(await isSettled(outbox.flushed()), true);
  outbox.putReset();
  outbox.putChange(updated({ id: A }));
  outbox.putChange(updated({ id: B, revision: 2 }));
  const flushed = outbox.flushed();
  take(outbox);
  outbox.putChange(updated({ id: C, revision: 3 }));
  take(outbox);
  outbox.putChange(updated({ id: A, revision: 4 }));
  assert.equal(await isSettled(flushed), false);
  take(outbox);
  assert.equal(await isSettled(flushed), true);
  assert.equal(outbox.fileCount, 2);
});

Deno.test("Outbox.flushed() after a rewind waits until the client has read its heartbeat", async () => {
  const outbox = createOutbox("c0");
  outbox.putChange(updated({ id: A }));
  take(outbox);
  outbox.putChange(updated({ id: B }));
  outbox.rewind();
  const flushed = outbox.flushed();
  assert.deepEqual(takeAll(outbox), ["heartbeat"]);
  outbox.countRead();
  assert.equal(await isSettled(flushed), false);
  outbox.countRead();
  assert.equal(await isSettled(flushed), true);
  outbox.putHeartbeat();
  assert.equal(await isSettled(outbox.flushed()), true, "once for each rewind");
});

Deno.test("Outbox.flushed() waits for no entry that a rewind drops meanwhile", async () => {
  const outbox = createOutbox("c0");
  for (const id of [A, B]) outbox.putChange(updated({ id }));
  const flushed = outbox.flushed();
  outbox.rewind();
  assert.deepEqual(takeAll(outbox), ["heartbeat"]);
  outbox.countRead();
  assert.equal(await isSettled(flushed), true);
});

Deno.test("Outbox.flushed() after a rewind resolves when the outbox is closed", async () => {
  const outbox = createOutbox(null);
  outbox.rewind();
  const flushed = outbox.flushed();
  outbox.close();
  assert.equal(await isSettled(flushed), true);
});

Deno.test("Outbox.hasRoom lets a client that reads have more, so that others do not keep it from its files", () => {
  const backlog = new Backlog();
  const fill = (outbox: Outbox) => {
    const error_message = "x".repeat(3_700);
    for (let n = 0; n < 500; n++) outbox.putChange(updated({ id: fileId(n), error_message }));
  };
  const create = () => new Outbox(null, () => {}, backlog);
  const stalled = Array.from({ length: 10 }, create);
  stalled.forEach(fill);
  const reading = create();
  fill(reading);
  assert.equal(reading.hasRoom, false, "it has not read anything yet");
  reading.rewind();
  take(reading);
  reading.countRead();
  fill(reading);
  assert.equal(reading.hasRoom, true);
  for (let n = 0; n < 24; n++) fill(create());
  assert.equal(reading.hasRoom, false, "64 MB are the limit for all");
});

Deno.test("Outbox.hasRoom tells what waits in all outboxes together, but leaves each one some room", () => {
  const backlog = new Backlog();
  const create = () => new Outbox(null, () => {}, backlog);
  /** 1,000 files of 4 kB each. */
  const fill = (outbox: Outbox) => {
    const error_message = "x".repeat(3_700);
    for (let n = 0; n < 1_000; n++) outbox.putChange(updated({ id: fileId(n), error_message }));
  };
  const outboxes = Array.from({ length: 5 }, create);
  for (const outbox of outboxes.slice(0, 4)) fill(outbox);
  assert.ok(outboxes.every(({ hasRoom }) => hasRoom));
  fill(outboxes[4]!);
  assert.ok(outboxes.every(({ hasRoom }) => !hasRoom));
  const little = create();
  little.putChange(updated({ id: A }));
  assert.equal(little.hasRoom, true);
  for (const end of ["rewind", "close", "putReset"] as const) {
    outboxes.pop()![end]();
    assert.ok(outboxes.every(({ hasRoom }) => hasRoom), end);
    fill(outboxes[0]!);
    assert.ok(
      outboxes.every(({ hasRoom }) => hasRoom),
      "newer states take the place of older ones",
    );
    const another = create();
    fill(another);
    outboxes.push(another);
    assert.ok(outboxes.every(({ hasRoom }) => !hasRoom));
  }
  while (outboxes[0]!.take());
  assert.equal(outboxes[1]!.hasRoom, true, "what was taken does not wait");
});

Deno.test("Outbox.flushed() resolves when all that waits is dropped", async () => {
  const outbox = createOutbox(null);
  outbox.putChange(updated({}));
  const flushed = outbox.flushed();
  outbox.putReset();
  assert.equal(await isSettled(flushed), true);
});

Deno.test("Outbox.rewind() after a reset that was taken goes back to nothing", () => {
  const outbox = createOutbox("c0");
  outbox.putReset();
  outbox.putChange(updated({ id: A }));
  outbox.advance("c1");
  assert.equal(take(outbox), "reset@none");
  outbox.rewind();
  assert.equal(outbox.cursor, "none");
});

Deno.test("Outbox.close() drops what waits, and takes nothing more", async () => {
  const outbox = createOutbox(null);
  outbox.putChange(updated({}));
  outbox.close();
  outbox.putReset();
  outbox.putChange(updated({}));
  outbox.putHeartbeat();
  outbox.advance("c1");
  assert.equal(outbox.take(), undefined);
  // A count that stays up would leave a catch-up waiting for ever.
  assert.equal(await isSettled(outbox.flushed()), true);
});
