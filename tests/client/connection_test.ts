import assert from "node:assert/strict";
import { exampleFile, startClientStage } from "./client_stage.ts";

Deno.test("a client asks with its token and key, and shows the list when it is complete", async () => {
  const stage = startClientStage();
  const request = await stage.request();
  assert.equal(request.url.href, "https://project.example/functions/v1/file-events");
  assert.equal(request.headers.get("apikey"), "publishable");
  request.begin().send({ eventType: "reset" }, "none");
  request.send({ eventType: "file-update", file: exampleFile("1") });
  await stage.settle();
  assert.deepEqual(stage.names(), []);
  request.send({ eventType: "ready" }, "c.1");
  await stage.settle();
  assert.deepEqual(stage.names(), ["1.txt"]);
  assert.deepEqual(stage.states, ["loading", "live"]);
  stage.files.close();
});

Deno.test("a stream that was cut is resumed with the last id, after `retry:` and some backoff", async () => {
  const stage = startClientStage({ random: () => 0.5 });
  const first = await stage.request();
  first.begin().write("retry: 2000\n").snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  first.cut();
  await stage.settle();
  assert.deepEqual(stage.states, ["loading", "live", "reconnecting (network)"]);
  await stage.clock.advance(2_499);
  assert.equal(stage.requests.length, 1);
  await stage.clock.advance(1);
  assert.equal(stage.requests.length, 2);
  assert.equal(stage.requests[1]!.headers.get("last-event-id"), "c.1");
  stage.files.close();
});
