import assert from "node:assert/strict";
import { startClientStage } from "./client_stage.ts";

Deno.test("Retry-After as a date is a floor too", async () => {
  using stage = startClientStage();
  const date = new Date(stage.clock.now() + 120_000).toUTCString();
  (await stage.request()).refuse(503, "", { "retry-after": date });
  await stage.clock.advance(119_000);
  assert.equal(stage.requests.length, 1);
});
