import assert from "node:assert/strict";
import { exampleFile, startClientStage, TOKEN } from "./client_stage.ts";

Deno.test("reconnect() inside onEvent: what ends with it is not called live", async () => {
  const never = new Promise<string>(() => {});
  let asked = 0;
  using stage = startClientStage({
    options: {
      getToken: () => asked++ > 0 ? never : TOKEN,
      onEvent: ({ eventType }) => {
        if (eventType === "ready") stage.files.reconnect();
      },
    },
  });
  (await stage.request()).begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  assert.ok(stage.requests[0]!.signal.aborted);
  assert.notEqual(stage.states.at(-1), "live");
});

Deno.test("close() inside onEvent: nobody is told anything afterwards", async () => {
  using stage = startClientStage({
    options: {
      onEvent: ({ eventType }) => {
        if (eventType === "ready") stage.files.close();
      },
    },
  });
  const told: number[] = [];
  stage.files.subscribe((list) => void told.push(list.length));
  (await stage.request()).begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  assert.deepEqual(told, [0]);
});
