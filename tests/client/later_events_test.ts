import assert from "node:assert/strict";
import { exampleFile, startClientStage } from "./client_stage.ts";

for (
  const data of ['{"eventType":"file-limit","limit":100}', '{"eventType":"file-order","file":null}']
) {
  Deno.test(`an event of a later version is ignored, though its name begins as that of a file: ${data}`, async () => {
    using stage = startClientStage();
    const request = await stage.request();
    request.begin().snapshot([exampleFile("1")], "c.1").write(`id: c.2\ndata: ${data}\n\n`);
    await stage.settle();
    assert.equal(stage.states.at(-1), "live");
    assert.deepEqual(stage.names(), ["1.txt"]);
  });
}
