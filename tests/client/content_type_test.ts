import assert from "node:assert/strict";
import { exampleFile, startClientStage } from "./client_stage.ts";

Deno.test("a content type may be written in any case of letters", async () => {
  using stage = startClientStage();
  (await stage.request())
    .begin({ headers: { "content-type": "Text/Event-Stream; charset=UTF-8" } })
    .snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  assert.equal(stage.states.at(-1), "live");
});
