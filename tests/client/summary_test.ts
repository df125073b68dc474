import assert from "node:assert/strict";
import { summaryOf } from "../../client/summary.ts";
import { exampleFile, startClientStage } from "./client_stage.ts";

/** A client with these files, and its summary. */
async function summarized(...files: Parameters<typeof exampleFile>[]) {
  const stage = startClientStage();
  const { clock } = stage;
  const summary = summaryOf(stage.files, {
    clock: { now: () => clock.now(), after: (ms, callback) => clock.after(ms, callback) },
  });
  const request = await stage.request();
  request.begin().snapshot(files.map((file) => exampleFile(...file)), "c.1");
  await stage.settle();
  let revision = 1;
  const change = async (id: string, fields = {}) => {
    const file = exampleFile(id, { ...fields, revision: ++revision });
    stage.requests.at(-1)!.send({ eventType: "file-update", file });
    await stage.settle();
  };
  return { stage, summary, request, change };
}

Deno.test("a summary counts files by what their status means, and takes the mean of their progress", async () => {
  const { stage, summary } = await summarized(
    ["1", { status: "ready", progress: null }],
    ["2", { status: "failed", progress: 10 }],
    ["3", { progress: 50 }],
    ["4", { status: "pending", progress: null }],
    ["5", { progress: 400 }],
  );
  using _ = stage;
  assert.deepEqual(summary.value, {
    total: 5,
    active: 3,
    ready: 1,
    failed: 1,
    progress: 70,
    stalled: [],
  });
});

Deno.test("a summary of no files has no progress", async () => {
  const { stage, summary } = await summarized();
  using _ = stage;
  assert.deepEqual([summary.value.total, summary.value.progress], [0, null]);
});

Deno.test("a summary is the same object until something in it changes", async () => {
  const { stage, summary, change } = await summarized(["1"]);
  using _ = stage;
  const told: number[] = [];
  const stop = summary.subscribe(({ progress }) => void told.push(progress!));
  const before = summary.value;
  await change("1", { error_message: "nothing that counts" });
  assert.equal(summary.value, before);
  await change("1", { progress: 10 });
  stop();
  await change("1", { progress: 20 });
  assert.deepEqual(told, [0, 10]);
  assert.equal(summary.value.progress, 20);
});

Deno.test("a file is stalled after ten times its usual step, until it changes again", async () => {
  const { stage, summary, change } = await summarized(["1"], ["2"]);
  using _ = stage;
  const told: string[] = [];
  const stop = summary.subscribe(({ stalled }) => void told.push(stalled.join()));
  for (let step = 0; step < 3; step++) {
    await stage.clock.advance(2_000);
    await change("1", { progress: step });
  }
  stage.requests.at(-1)!.write(":\n");
  await stage.clock.advance(19_999);
  assert.deepEqual(summary.value.stalled, []);
  await stage.clock.advance(1);
  assert.deepEqual(summary.value.stalled, ["1"], "nothing is known of file 2");
  await change("1", { progress: 50 });
  assert.deepEqual(summary.value.stalled, []);
  stop();
  assert.ok(told.includes("1"));
});

Deno.test("a file is not stalled while changes can't arrive, nor when it is done", async () => {
  const { stage, summary, request, change } = await summarized(["1"], ["2"], ["3"]);
  using _ = stage;
  const stop = summary.subscribe(() => {});
  for (const id of ["1", "2", "3", "1", "2", "3"]) {
    await stage.clock.advance(1_000);
    await change(id, { progress: 1 });
  }
  await change("2", { status: "ready" });
  request.cut();
  await stage.clock.advance(19_000);
  const next = await stage.request();
  const file = exampleFile("1", { progress: 2, revision: 99 });
  next.begin().send({ eventType: "file-update", file }).send({ eventType: "ready" }, "c.2");
  await stage.settle();
  assert.deepEqual(summary.value.stalled, []);
  await stage.clock.advance(15_000);
  assert.deepEqual(summary.value.stalled, [], "the time without a connection does not count");
  next.write(":\n");
  await stage.clock.advance(16_000);
  assert.deepEqual(summary.value.stalled, ["3", "1"]);
  stop();
  assert.deepEqual(summary.value.stalled, []);
});

Deno.test("a summary keeps the stream open while it has subscribers, and no timer after", async () => {
  const stage = startClientStage({ isIdle: true });
  using _ = stage;
  const summary = summaryOf(stage.files);
  await stage.settle();
  assert.equal(stage.requests.length, 0);
  const stop = summary.subscribe(() => {});
  await stage.settle();
  assert.equal(stage.requests.length, 1);
  stop();
  await stage.clock.advance(5_000);
  assert.ok(stage.requests[0]!.signal.aborted);
});
