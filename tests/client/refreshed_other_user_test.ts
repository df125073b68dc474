import assert from "node:assert/strict";
import { exampleFile, startClientStage } from "./client_stage.ts";
import { FakeAuth, tokenOf } from "./fake_auth.ts";

// supabase-js reports `setSession()` with an expired access token, and `refreshSession()` with a refresh
// token, as TOKEN_REFRESHED only. Apps that switch between accounts use both.

async function adasClient() {
  const auth = new FakeAuth(tokenOf("ada"));
  const stage = startClientStage({
    options: { supabase: auth.client, getToken: undefined },
    isIdle: true,
  });
  const stop = stage.files.subscribe(() => {});
  (await stage.request()).begin().snapshot([exampleFile("ada")], "a.1");
  await stage.settle();
  assert.deepEqual(stage.names(), ["ada.txt"]);
  return { auth, stage, stop };
}

Deno.test("a refreshed token of another user drops the files of the first", async () => {
  const { auth, stage } = await adasClient();
  using _ = stage;
  auth.report("TOKEN_REFRESHED", tokenOf("grace"));
  assert.deepEqual(stage.names(), []);
  assert.ok(stage.requests[0]!.signal.aborted);
  assert.equal((await stage.request()).token, tokenOf("grace"));
});

Deno.test("a refreshed token of another user drops the files while nobody listens too", async () => {
  const { auth, stage, stop } = await adasClient();
  using _ = stage;
  stop();
  await stage.clock.advance(5_000);
  auth.report("TOKEN_REFRESHED", tokenOf("grace"));
  assert.deepEqual(stage.names(), []);
});

Deno.test("a refreshed token where nobody was signed in is a sign-in", async () => {
  const auth = new FakeAuth(null);
  using stage = startClientStage({ options: { supabase: auth.client, getToken: undefined } });
  await stage.settle();
  assert.equal(stage.states.at(-1), "signed-out");
  auth.report("TOKEN_REFRESHED", tokenOf("ada"));
  await stage.settle();
  assert.equal(stage.requests.length, 1);
});
