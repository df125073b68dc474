import assert from "node:assert/strict";
import { exampleFile, startClientStage } from "./client_stage.ts";

/** A client with `getToken` of a user who stays the same. */
async function loadedClient() {
  const stage = startClientStage();
  const request = await stage.request();
  request.begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  return { stage, request };
}

Deno.test("reconnect() with getToken ends no done() and no events() of a user who stays the same", async () => {
  const { stage, request } = await loadedClient();
  using _ = stage;
  const ends: string[] = [];
  stage.files.done("1").then((file) => ends.push(file.status!), (error) => ends.push(error.code));
  await stage.settle();
  request.cut();
  await stage.settle();
  stage.files.reconnect();
  await stage.settle();
  assert.deepEqual(ends, [], "a button “Try again” is no sign-out");
  (await stage.request()).begin()
    .send({ eventType: "file-update", file: exampleFile("1", { status: "ready", revision: 2 }) })
    .send({ eventType: "ready" }, "c.2");
  await stage.settle();
  assert.deepEqual(ends, ["ready"]);
});
