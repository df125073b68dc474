import assert from "node:assert/strict";
import { startClientStage } from "./client_stage.ts";

Deno.test("done() and events() with a signal that has aborted open no stream", async () => {
  using stage = startClientStage({ isIdle: true });
  const signal = AbortSignal.abort(new Error("too late"));
  await assert.rejects(stage.files.done("1", { signal }), /too late/);
  assert.equal((await stage.files.events({ signal }).next()).done, true);
  await stage.settle();
  assert.equal(stage.requests.length, 0);
  assert.equal(stage.clock.pending, 0);
});
