import assert from "node:assert/strict";
import type { FileChange } from "../../client/file_events.ts";
import { exampleFile, startClientStage } from "./client_stage.ts";

/** A client without subscribers or frames, which shows these files. */
async function loadedClient(...files: Parameters<typeof exampleFile>[]) {
  const stage = startClientStage({ isIdle: true, hasFrames: true });
  const stop = stage.files.subscribe(() => {});
  const request = await stage.request();
  request.begin().snapshot(files.map((file) => exampleFile(...file)), "c.1");
  await stage.settle();
  return { stage, request, stop };
}

Deno.test("done() resolves with the file once it is ready, without a frame (SPEC 17)", async () => {
  const { stage, request } = await loadedClient(["1"]);
  using _ = stage;
  const done = stage.files.done("1");
  await stage.settle();
  const file = exampleFile("1", { status: "ready", revision: 2 });
  request.send({ eventType: "file-update", file });
  assert.deepEqual(await done, file);
});

Deno.test("done() resolves at once with a file that is ready (SPEC 17)", async () => {
  const { stage } = await loadedClient(["1", { status: "ready" }]);
  using _ = stage;
  assert.equal((await stage.files.done("1")).id, "1");
});

Deno.test("done() waits for a file that is not known yet (SPEC 17)", async () => {
  const { stage, request } = await loadedClient();
  using _ = stage;
  const done = stage.files.done("1");
  await stage.settle();
  request.send({ eventType: "file-update", file: exampleFile("1") });
  await stage.settle();
  request.send({
    eventType: "file-update",
    file: exampleFile("1", { status: "ready", revision: 2 }),
  });
  assert.equal((await done).revision, 2);
});

Deno.test("done() rejects with the reason of a failure, and with the file (SPEC 17)", async () => {
  const { stage } = await loadedClient(["1", { status: "failed", error_message: "no text in it" }]);
  using _ = stage;
  await assert.rejects(stage.files.done("1"), (error: Error & { code: string; file: unknown }) => {
    assert.deepEqual([error.name, error.code, error.message], [
      "FileEventsError",
      "failed",
      "no text in it",
    ]);
    assert.equal(error.file, stage.files.get("1"));
    return true;
  });
});

Deno.test("done() rejects when the file is deleted, or lacks in a new list (SPEC 17)", async () => {
  const { stage, request } = await loadedClient(["1"], ["2"]);
  using _ = stage;
  const ends = ["1", "2"].map((id) => assert.rejects(stage.files.done(id), { code: "deleted" }));
  await stage.settle();
  request.send({ eventType: "file-deleted", file: { id: "1" } });
  await ends[0];
  request.snapshot([], "d.1");
  await ends[1];
});

Deno.test("done() takes the statuses of a table of one's own, whatever they are called (SPEC 17)", async () => {
  const statuses = { indexed: "ready", broken: "failed" } as const;
  using stage = startClientStage({ options: { statuses } });
  (await stage.request()).begin().snapshot([
    exampleFile("1", { status: "indexed" }),
    exampleFile("2", { status: "broken" }),
    exampleFile("3", { status: "constructor" }),
    exampleFile("4", { status: "ready" }),
  ], "c.1");
  await stage.settle();
  assert.deepEqual(stage.files.value.map(stage.files.outcome), [
    "active",
    "active",
    "failed",
    "ready",
  ]);
  await stage.files.done("1");
  await assert.rejects(stage.files.done("2"), { code: "failed", message: "failed" });
});

Deno.test("done() rejects with the signal's reason, and leaves nothing behind (SPEC 17)", async () => {
  const { stage, stop } = await loadedClient(["1"]);
  using _ = stage;
  stop();
  const controller = new AbortController();
  const ends = [
    assert.rejects(stage.files.done("1", { signal: controller.signal }), /too long/),
    assert.rejects(
      stage.files.done("1", { signal: AbortSignal.abort(new Error("before")) }),
      /before/,
    ),
  ];
  await stage.settle();
  controller.abort(new Error("too long"));
  await Promise.all(ends);
  await stage.clock.advance(5_000);
  assert.ok(stage.requests[0]!.signal.aborted, "nobody listens any more");
});

Deno.test("a signal that several wait with ends each of them (SPEC 17)", async () => {
  const { stage, request } = await loadedClient(["1"], ["2"]);
  using _ = stage;
  const controller = new AbortController();
  const first = stage.files.done("1", controller);
  const second = assert.rejects(stage.files.done("2", controller), /too long/);
  await stage.settle();
  request.send({
    eventType: "file-update",
    file: exampleFile("1", { status: "ready", revision: 2 }),
  });
  await first;
  controller.abort(new Error("too long"));
  await second;
});

Deno.test("done() and events() end at close() (SPEC 20)", async () => {
  const { stage } = await loadedClient(["1"]);
  const events = stage.files.events();
  await events.next();
  const done = assert.rejects(stage.files.done("1"), { code: "closed" });
  const end = events.next();
  await stage.settle();
  stage.files.close();
  await done;
  assert.deepEqual(await end, { done: true, value: undefined });
  await assert.rejects(stage.files.done("1"), { code: "closed" });
  assert.equal((await stage.files.events().next()).done, true);
});

Deno.test("events() yields the files, then each change, and a slow consumer the latest states (SPEC 18)", async () => {
  const { stage, request } = await loadedClient(["1"], ["2"]);
  using _ = stage;
  const seen: string[] = [];
  const say = ({ eventType, file }: FileChange) =>
    eventType === "file-update" ? `${file.id}:${file.revision}` : `-${file.id}`;
  const events = stage.files.events();
  const take = async () => void seen.push(say((await events.next()).value));
  await take();
  await take();
  request.send({ eventType: "file-update", file: exampleFile("2", { revision: 2 }) });
  await take();
  for (let revision = 3; revision < 9; revision++) {
    request.send({ eventType: "file-update", file: exampleFile("2", { revision }) });
  }
  request.send({ eventType: "file-deleted", file: { id: "1" } });
  await stage.settle();
  await take();
  await take();
  request.send({ eventType: "heartbeat" });
  await stage.settle();
  request.send({ eventType: "file-update", file: exampleFile("1", { revision: 9 }) });
  await take();
  assert.deepEqual(seen, ["1:1", "2:1", "2:2", "-1", "2:8", "1:9"]);
});

Deno.test("a loop over events() that breaks, or whose signal aborts, leaves nothing behind (SPEC 18)", async () => {
  const { stage, stop } = await loadedClient(["1"]);
  using _ = stage;
  stop();
  for await (const { file } of stage.files.events()) {
    assert.equal(file.id, "1");
    break;
  }
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const { addEventListener, removeEventListener } = signal;
  Object.assign(signal, {
    addEventListener: (...added: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, added);
    },
    removeEventListener: (...removed: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, removed);
    },
  });
  const loop = (async () => {
    for await (const _ of stage.files.events({ signal: controller.signal }));
  })();
  await stage.settle();
  assert.equal(listeners, 1);
  controller.abort();
  await loop;
  assert.equal(listeners, 0);
  await stage.clock.advance(5_000);
  assert.ok(stage.requests[0]!.signal.aborted);
});

Deno.test("who comes while nobody is signed in is told at once (SPEC 12)", async () => {
  using stage = startClientStage({ options: { getToken: () => null } });
  await stage.settle();
  await assert.rejects(stage.files.done("1"), { code: "signed-out" });
  await assert.rejects(stage.files.events().next(), { code: "signed-out" });
});

Deno.test("a signal that aborts ends its own consumer, and wakes no other again and again (SPEC 17)", async () => {
  const { stage } = await loadedClient(["1"]);
  using _ = stage;
  const { signal } = new AbortController();
  let looks = 0;
  Object.defineProperty(signal, "aborted", {
    get: () => {
      // An endless loop of promises would never let a test end.
      if (++looks > 100) throw new Error("it spins");
      return false;
    },
  });
  const patient = stage.files.done("1", { signal });
  const controller = new AbortController();
  const impatient = assert.rejects(stage.files.done("1", { signal: controller.signal }), /enough/);
  await stage.settle();
  controller.abort(new Error("enough"));
  await impatient;
  await stage.settle();
  stage.files.close();
  await assert.rejects(patient, { code: "closed" });
});

Deno.test("done() and events() with a signal that has aborted open no stream", async () => {
  using stage = startClientStage({ isIdle: true });
  const signal = AbortSignal.abort(new Error("too late"));
  await assert.rejects(stage.files.done("1", { signal }), /too late/);
  assert.equal((await stage.files.events({ signal }).next()).done, true);
  await stage.settle();
  assert.equal(stage.requests.length, 0);
  assert.equal(stage.clock.pending, 0);
});
