import assert from "node:assert/strict";
import { isDeletion, isType, isUpdate } from "../../support/event_predicates.ts";
import type { Scenario } from "../scenario.ts";

const STAGES = ["extraction", "compression", "embedding", "finalization"];

/** A file's way from upload to its end, and the connection meanwhile. */
export const progress: readonly Scenario[] = [
  {
    name: "File upload starts: a file-update with progress 0",
    async run(stage) {
      const user = await stage.user();
      const stream = await stage.ready(user);
      const id = await user.insert({ filename: "report.pdf" });
      const { file, timestamp } = await stream.next(isUpdate(id), "the new file");
      assert.deepEqual({ ...file, revision: undefined, created_at: undefined }, {
        id,
        filename: "report.pdf",
        file_type: "application/pdf",
        status: "pending",
        progress: 0,
        processing_stage: null,
        error_message: null,
        created_at: undefined,
        revision: undefined,
      });
      assert.ok(file!.revision > 0);
      assert.equal(new Date(file!.created_at!).toISOString(), file!.created_at);
      assert.equal(new Date(timestamp).toISOString(), timestamp);
    },
  },
  {
    name: "Progress updates: file-updates with increasing progress",
    async run(stage) {
      const user = await stage.user();
      const stream = await stage.ready(user);
      const id = await user.insert();
      const seen = [(await stream.next(isUpdate(id), "the new file")).file!];
      for (const [index, processing_stage] of STAGES.entries()) {
        const state = { status: "processing", progress: (index + 1) * 20, processing_stage };
        await user.update(id, state);
        seen.push((await stream.next(isUpdate(id, state), processing_stage)).file!);
      }
      const sorted = seen.toSorted((a, b) => a.revision - b.revision);
      assert.deepEqual(seen, sorted);
      assert.deepEqual(seen.map((file) => file.progress), [0, 20, 40, 60, 80]);
    },
  },
  {
    name: "changes arrive as they happen, not with a later catch-up",
    async run(stage) {
      const user = await stage.user();
      const stream = await stage.ready(user);
      // A file that is done gives no reason to catch up early.
      const id = await user.insert({ status: "ready", progress: 100 });
      await stream.next(isUpdate(id), "the new file");
      const started = performance.now();
      for (let count = 0; count < 10; count++) {
        await user.update(id, { filename: `${count}.pdf` });
        await stream.next(isUpdate(id, { filename: `${count}.pdf` }), `update ${count}`);
      }
      const took = performance.now() - started;
      assert.ok(took < 20_000, `ten changes took ${took} ms`);
    },
  },
  {
    name: "File ready: a file-update with status ready and progress 100",
    async run(stage) {
      const user = await stage.user();
      const id = await user.insert({
        status: "processing",
        progress: 90,
        processing_stage: "finalization",
      });
      const stream = await stage.ready(user);
      const end = { status: "ready", progress: 100, processing_stage: null };
      await user.update(id, end);
      const { file } = await stream.next(isUpdate(id, end), "the file's end");
      assert.equal(file!.error_message, null);
    },
  },
  {
    name: "File failed: a file-update with status failed and its error_message",
    async run(stage) {
      const user = await stage.user();
      const stream = await stage.ready(user);
      const id = await user.insert({ status: "processing", progress: 40 });
      const end = { status: "failed", error_message: "The file is encrypted" };
      await user.update(id, end);
      const { file } = await stream.next(isUpdate(id, end), "the file's end");
      assert.equal(file!.progress, 40);
    },
  },
  {
    name: "Heartbeat: at regular intervals",
    async run(stage) {
      const interval = stage.target.heartbeatMs ?? 30_000;
      const user = await stage.user();
      const stream = await stage.ready(user);
      const beats = [];
      for (let count = 0; count < 3; count++) {
        beats.push(await stream.next(isType("heartbeat"), "a heartbeat", interval + 20_000));
      }
      const times = beats.map(({ timestamp }) => Date.parse(timestamp));
      const mean = (times[2]! - times[0]!) / 2;
      assert.ok(mean > interval * 0.8 && mean < interval * 2, `every ${mean} ms`);
      assert.ok(beats.every(({ file }) => file === undefined));
    },
  },
  {
    name: "Connection close: no more events",
    async run(stage) {
      const user = await stage.user();
      const [closed, other] = [await stage.ready(user), await stage.ready(user)];
      await closed.close();
      const count = closed.events.length;
      const id = await user.insert();
      await other.next(isUpdate(id), "the new file");
      assert.equal(closed.events.length, count);
    },
  },
  {
    name: "Delete file: a file-deleted",
    async run(stage) {
      const user = await stage.user();
      const id = await user.insert();
      const stream = await stage.ready(user);
      await user.delete(id);
      const { file } = await stream.next(isDeletion(id), "the deletion");
      assert.deepEqual(file, { id });
    },
  },
  {
    name: "Multiple files uploading simultaneously: updates of all, each with its file's id",
    async run(stage) {
      const user = await stage.user();
      const stream = await stage.ready(user);
      await Promise.all(Array.from({ length: 6 }, async (_, index) => {
        const id = await user.insert({ filename: `${index}.pdf` });
        for (const progress of [25, 50, 75]) await user.update(id, { progress });
        await user.update(id, { progress: 100, status: "ready" });
      }));
      await stage.caughtUp(user, stream);
      const states = new Map(stream.events.flatMap(({ file }) => file ? [[file.id, file]] : []));
      const files = [...states.values()].filter(({ filename }) => filename !== "marker");
      assert.deepEqual(
        files.map(({ filename }) => filename).sort(),
        ["0.pdf", "1.pdf", "2.pdf", "3.pdf", "4.pdf", "5.pdf"],
      );
      assert.ok(files.every(({ progress, status }) => progress === 100 && status === "ready"));
    },
  },
  {
    name: "Client disconnect and reconnect: nothing of what happened meanwhile is missing",
    async run(stage) {
      const user = await stage.user();
      const [kept, changed, deleted] = [
        await user.insert(),
        await user.insert(),
        await user.insert(),
      ];
      const first = await stage.ready(user);
      await first.close();
      await user.update(changed, { progress: 50 });
      await user.delete(deleted);
      const added = await user.insert();

      const second = await stage.ready(user, { headers: { "Last-Event-ID": first.lastEventId } });
      const told = second.events.filter(({ file }) => file);
      assert.ok(!second.events.some(isType("reset")));
      assert.ok(told.some(isUpdate(changed, { progress: 50 })));
      assert.ok(told.some(isUpdate(added)));
      assert.ok(told.some(isDeletion(deleted)));
      assert.ok(!told.some(isUpdate(kept)));
    },
  },
  {
    name: "Long processing time: heartbeats keep the connection until the file is ready",
    async run(stage) {
      const interval = stage.target.heartbeatMs ?? 30_000;
      const user = await stage.user();
      const id = await user.insert({ status: "processing", progress: 10 });
      const stream = await stage.ready(user);
      for (let count = 0; count < 3; count++) {
        await stream.next(isType("heartbeat"), "a heartbeat", interval + 20_000);
      }
      await user.update(id, { status: "ready", progress: 100 });
      await stream.next(isUpdate(id, { status: "ready" }), "the file's end");
    },
  },
];
