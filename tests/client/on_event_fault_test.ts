import assert from "node:assert/strict";
import { exampleFile, startClientStage } from "./client_stage.ts";

Deno.test("an onEvent that throws is reported as an uncaught error, and loses no event", async () => {
  const uncaught: string[] = [];
  const listen = (event: ErrorEvent | PromiseRejectionEvent) => {
    event.preventDefault();
    uncaught.push(event.type);
  };
  addEventListener("error", listen);
  addEventListener("unhandledrejection", listen);
  try {
    const onEvent = () => {
      throw new Error("a fault of the page");
    };
    using stage = startClientStage({ options: { onEvent } });
    (await stage.request()).begin().snapshot([exampleFile("1")], "c.1");
    await stage.settle();
    assert.deepEqual(stage.names(), ["1.txt"]);
    assert.equal(stage.states.at(-1), "live");
    assert.deepEqual(uncaught, ["error", "error", "error"]);
  } finally {
    removeEventListener("error", listen);
    removeEventListener("unhandledrejection", listen);
  }
});
