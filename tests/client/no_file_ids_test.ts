import assert from "node:assert/strict";
import { exampleFile, startClientStage } from "./client_stage.ts";

Deno.test("an empty list of file ids doesn't mean all files", async () => {
  let stage;
  try {
    stage = startClientStage({ options: { fileIds: [] } });
  } catch (error) {
    assert.ok(error instanceof TypeError, "refused when the client is made");
    return;
  }
  using _ = stage;
  (await stage.request())?.begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  assert.deepEqual(stage.requests.map(({ url }) => url.search), [], "or nothing is asked for");
});
