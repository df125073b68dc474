import assert from "node:assert/strict";
import type { FileEvent } from "../../client/protocol.ts";
import { createReplica } from "../../client/store/replica.ts";
import { exampleFile, startClientStage } from "./client_stage.ts";

/** A client that shows these files. */
async function clientWith(...ids: string[]) {
  const stage = startClientStage();
  const request = await stage.request();
  request.begin().snapshot(ids.map((id) => exampleFile(id)), "c.1");
  await stage.settle();
  return { stage, request };
}

Deno.test("an id is kept with the files that it covers, and dropped with them (SPEC 9)", async () => {
  const { stage, request } = await clientWith("1");
  using _ = stage;
  request.send({ eventType: "file-update", file: exampleFile("2") }, "c.2");
  request.send({ eventType: "file-update", file: exampleFile("3") });
  await stage.settle();
  request.cut();
  await stage.clock.advance(1_000);
  const second = await stage.request();
  assert.equal(second.headers.get("last-event-id"), "c.2");
  second.begin().send({ eventType: "reset" }, "none");
  await stage.settle();
  second.cut();
  await stage.clock.advance(1_000);
  assert.equal((await stage.request()).headers.get("last-event-id"), "none");
});

Deno.test("an empty id means that there is nothing to resume (SPEC 9)", async () => {
  const { stage, request } = await clientWith("1");
  using _ = stage;
  request.write('id:\ndata: {"eventType":"heartbeat"}\n\n');
  await stage.settle();
  request.cut();
  await stage.clock.advance(1_000);
  assert.equal((await stage.request()).headers.get("last-event-id"), "");
});

Deno.test("a snapshot that breaks goes on where it broke (SPEC 9)", async () => {
  using stage = startClientStage();
  const first = await stage.request();
  first.begin().send({ eventType: "reset" }, "none")
    .send({ eventType: "file-update", file: exampleFile("1") }, "c.1");
  await stage.settle();
  first.cut();
  await stage.clock.advance(1_000);
  const second = await stage.request();
  assert.equal(second.headers.get("last-event-id"), "c.1");
  second.begin().send({ eventType: "file-update", file: exampleFile("2") })
    .send({ eventType: "ready" }, "c.2");
  await stage.settle();
  assert.deepEqual(stage.names(), ["2.txt", "1.txt"]);
});

Deno.test("an older state of a file is ignored, unless a reset lies between (SPEC 10)", async () => {
  const { stage, request } = await clientWith("1");
  using _ = stage;
  const shown = () => stage.files.get("1")?.revision;
  request.send({ eventType: "file-update", file: exampleFile("1", { revision: 5 }) });
  request.send({ eventType: "file-update", file: exampleFile("1", { revision: 4 }) });
  await stage.settle();
  assert.equal(shown(), 5);
  request.snapshot([exampleFile("1", { revision: 2 })], "d.1");
  await stage.settle();
  assert.equal(shown(), 2, "the database was restored");
});

Deno.test("a new list takes the place of the old one in one step (SPEC 11)", async () => {
  const { stage, request } = await clientWith("1", "2");
  using _ = stage;
  const lists: string[][] = [];
  stage.files.subscribe((list) => void lists.push(list.map(({ id }) => id)));
  request.send({ eventType: "reset" }, "none");
  request.send({ eventType: "file-update", file: exampleFile("2") });
  await stage.settle();
  request.send({ eventType: "file-deleted", file: { id: "2" } });
  request.send({ eventType: "file-update", file: exampleFile("3") });
  await stage.settle();
  assert.deepEqual(lists, [["2", "1"]]);
  request.send({ eventType: "ready" }, "d.1");
  await stage.settle();
  assert.deepEqual(lists, [["2", "1"], ["3"]]);
});

Deno.test("a deletion removes a file, known or not (SPEC 11)", async () => {
  const { stage, request } = await clientWith("1", "2");
  using _ = stage;
  request.send({ eventType: "file-deleted", file: { id: "1" } });
  request.send({ eventType: "file-deleted", file: { id: "unknown" } });
  await stage.settle();
  assert.deepEqual(stage.names(), ["2.txt"]);
});

Deno.test("a reset of the server makes a list void that has come from another tab (SPEC 10)", () => {
  const replica = createReplica();
  const timestamp = "2026-11-29T10:00:00.000Z";
  const list = (revision: number): FileEvent[] => [
    { eventType: "reset", timestamp },
    { eventType: "file-update", file: exampleFile("a", { revision }), timestamp },
    { eventType: "ready", timestamp },
  ];
  replica.restore(list(5), "1");
  for (const event of list(4)) replica.apply(event, "2");
  assert.equal(replica.files.get("a")!.revision, 4);
});
