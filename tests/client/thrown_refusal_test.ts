import assert from "node:assert/strict";
import { startClientStage } from "./client_stage.ts";
import { FakeAuth, tokenOf } from "./fake_auth.ts";

Deno.test("a refused refresh means signed-out, though supabase-js throws it (its option throwOnError)", async () => {
  const { auth } = new FakeAuth(tokenOf("ada")).client;
  const refusal = Object.assign(new Error("Invalid Refresh Token"), { status: 400 });
  const supabase = { auth: { ...auth, refreshSession: () => Promise.reject(refusal) } };
  using stage = startClientStage({ options: { supabase, getToken: undefined } });
  (await stage.request()).refuse(401);
  await stage.settle();
  assert.equal(stage.states.at(-1), "signed-out (status-401)");
});
