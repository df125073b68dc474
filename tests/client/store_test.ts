import assert from "node:assert/strict";
import { exampleFile, startClientStage } from "./client_stage.ts";

Deno.test("what has not changed stays the same object, through a new snapshot too (SPEC 14)", async () => {
  using stage = startClientStage();
  const request = await stage.request();
  request.begin().snapshot([exampleFile("1"), exampleFile("2")], "c.1");
  await stage.settle();
  const list = stage.files.value;
  const [second, first] = list;
  request.send({ eventType: "heartbeat" }, "c.2").send({
    eventType: "file-update",
    file: exampleFile("1"),
  });
  await stage.settle();
  assert.equal(stage.files.value, list, "the list");
  request.snapshot([exampleFile("2", { revision: 2 }), exampleFile("1")], "d.1");
  await stage.settle();
  assert.equal(stage.files.value[1], first);
  assert.notEqual(stage.files.value[0], second);
});

Deno.test("a changed extra column changes the file, though its revision is the same (SPEC 14)", async () => {
  using stage = startClientStage();
  const request = await stage.request();
  request.begin().snapshot([exampleFile("1")], "c.1");
  const file = { ...exampleFile("1"), page_count: 3 };
  request.send({ eventType: "file-update", file });
  await stage.settle();
  assert.deepEqual(stage.files.get("1"), file);
});

Deno.test("the latest file is first, and progress moves no file (SPEC 16)", async () => {
  using stage = startClientStage();
  const at = (second: number) => ({ created_at: `2026-11-29T10:00:0${second}.000Z` });
  const request = await stage.request();
  request.begin().snapshot([
    exampleFile("b", at(2)),
    exampleFile("9"),
    exampleFile("10"),
    exampleFile("a", at(2)),
    exampleFile("c", at(1)),
  ], "c.1");
  await stage.settle();
  const ids = () => stage.files.value.map(({ id }) => id);
  assert.deepEqual(ids(), ["b", "a", "c", "10", "9"]);
  request.send({
    eventType: "file-update",
    file: exampleFile("c", { ...at(1), progress: 90, revision: 9 }),
  });
  await stage.settle();
  assert.deepEqual(ids(), ["b", "a", "c", "10", "9"]);
});

Deno.test("subscribers are told once a frame, however much has changed (SPEC 15)", async () => {
  using stage = startClientStage({ hasFrames: true });
  const told: number[] = [];
  stage.files.subscribe((list) => void told.push(list.length));
  const request = await stage.request();
  request.begin().snapshot([exampleFile("1")], "c.1");
  for (let revision = 2; revision < 50; revision++) {
    request.send({ eventType: "file-update", file: exampleFile("1", { revision }) });
  }
  request.send({ eventType: "file-update", file: exampleFile("2") });
  await stage.settle();
  assert.deepEqual(told, [0]);
  stage.frame();
  await stage.settle();
  assert.deepEqual(told, [0, 2]);
  assert.equal(stage.files.get("1")?.revision, 49);
  assert.equal(stage.framesRequested, 1, "one for all");
});

Deno.test("a subscriber gets the value at once, and nothing after it has left (SPEC 15)", async () => {
  using stage = startClientStage({ hasFrames: true });
  const request = await stage.request();
  const told: string[] = [];
  const stopFirst = stage.files.subscribe(([file]) => {
    told.push(`first ${file?.id}`);
    if (file) stopSecond();
  });
  const stopSecond = stage.files.subscribe(([file]) => void told.push(`second ${file?.id}`));
  request.begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  stage.frame();
  await stage.settle();
  stopFirst();
  stopFirst();
  request.send({ eventType: "file-update", file: exampleFile("2") });
  await stage.settle();
  stage.frame();
  await stage.settle();
  assert.deepEqual(told, ["first undefined", "second undefined", "first 1"]);
});

Deno.test("a subscriber that throws stops nobody else (SPEC 21)", async () => {
  using stage = startClientStage();
  const uncaught: string[] = [];
  const listen = (event: ErrorEvent) => {
    event.preventDefault();
    uncaught.push(event.error.message);
  };
  addEventListener("error", listen);
  try {
    const told: number[] = [];
    stage.files.subscribe((list) => {
      if (list.length > 0) throw new Error("a fault of the page");
    });
    stage.files.subscribe((list) => void told.push(list.length));
    const request = await stage.request();
    request.begin().snapshot([exampleFile("1")], "c.1");
    await stage.settle();
    request.send({ eventType: "file-update", file: exampleFile("2") });
    await stage.settle();
    assert.deepEqual(told, [0, 1, 2]);
    assert.deepEqual(uncaught, ["a fault of the page", "a fault of the page"]);
  } finally {
    removeEventListener("error", listen);
  }
});

Deno.test("nothing is opened until somebody listens (SPEC 19)", async () => {
  using stage = startClientStage({ isIdle: true });
  await stage.clock.advance(60_000);
  assert.deepEqual([stage.requests.length, stage.clock.pending], [0, 0]);
  assert.equal(stage.files.connection.value.state, "loading");
});

Deno.test("one stream is open for all listeners, and closes 5 s after the last has left (SPEC 19)", async () => {
  using stage = startClientStage({ isIdle: true });
  const stops = [
    stage.files.subscribe(() => {}),
    stage.files.subscribe(() => {}),
    stage.files.connection.subscribe(() => {}),
  ];
  const first = await stage.request();
  first.begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  stops[0]!();
  stops[0]!();
  stops[1]!();
  await stage.clock.advance(30_000);
  assert.ok(!first.signal.aborted, "one still listens");
  for (const stop of stops) stop();
  await stage.clock.advance(4_999);
  stage.files.subscribe(() => {})();
  await stage.clock.advance(4_999);
  assert.ok(!first.signal.aborted);
  await stage.clock.advance(1);
  assert.ok(first.signal.aborted);
  assert.equal(stage.clock.pending, 0);
  stage.files.subscribe(() => {});
  const second = await stage.request();
  assert.deepEqual(stage.names(), ["1.txt"], "what was known is shown meanwhile");
  assert.equal(second.headers.get("last-event-id"), "c.1");
  assert.equal(stage.requests.length, 2);
});
