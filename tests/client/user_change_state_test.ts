import assert from "node:assert/strict";
import { exampleFile, startClientStage } from "./client_stage.ts";
import { FakeAuth, tokenOf } from "./fake_auth.ts";

Deno.test("the empty list of the next user is never called live", async () => {
  const auth = new FakeAuth(tokenOf("ada"));
  using stage = startClientStage({
    options: { supabase: auth.client, getToken: undefined },
    hasFrames: true,
  });
  (await stage.request()).begin().snapshot([exampleFile("ada")], "a.1");
  await stage.settle();
  stage.frame();
  const shown: string[] = [];
  stage.files.subscribe((list) => {
    shown.push(`${stage.files.connection.value.state} ${list.length}`);
  });
  auth.report("SIGNED_IN", tokenOf("grace"));
  await stage.settle();
  assert.deepEqual(shown, ["live 1", "loading 0"], "before the next frame");
});
