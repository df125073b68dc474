import assert from "node:assert/strict";
import { startClientStage } from "./client_stage.ts";

Deno.test("a live stream of a browser that takes itself for offline survives a change of tabs", async () => {
  // As with a local Supabase on a train, or a VPN that the browser doesn't see.
  using stage = startClientStage({ isOnline: false });
  (await stage.request()).begin().snapshot([], "c.1");
  await stage.settle();
  assert.equal(stage.states.at(-1), "live");
  stage.changeVisibility();
  await stage.settle();
  assert.equal(
    stage.states.at(-1),
    "live",
    "SPEC.md says that a page that is hidden changes nothing",
  );
});
