import assert from "node:assert/strict";
import { exampleFile, startClientStage } from "./client_stage.ts";
import { tokenOf } from "./fake_auth.ts";

Deno.test("reconnect() after a sign-in with getToken shows nothing of the last user while the token is asked for", async () => {
  let token: string | Promise<string> = tokenOf("ada");
  using stage = startClientStage({ options: { getToken: () => token } });
  (await stage.request()).begin().snapshot([exampleFile("ada")], "a.1");
  await stage.settle();
  // Grace has signed in, and whatever gives tokens is slow or can't be reached.
  token = new Promise<string>(() => {});
  stage.files.reconnect();
  await stage.clock.advance(300_000);
  assert.deepEqual(stage.names(), []);
});
