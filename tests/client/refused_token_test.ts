import assert from "node:assert/strict";
import { startClientStage } from "./client_stage.ts";
import { tokenOf } from "./fake_auth.ts";

Deno.test("a getToken that keeps its old token is never sent with it again", async () => {
  // It returns another token when it is told to, and forgets it.
  const getToken = ({ fresh }: { fresh: boolean }) => tokenOf("ada", fresh ? 2 : 1);
  using stage = startClientStage({ options: { getToken } });
  (await stage.request()).refuse(401);
  const second = await stage.request();
  second.begin().snapshot([], "c.1").cut();
  await stage.clock.advance(1_000);
  (await stage.request()).refuse(401);
  await stage.settle();
  const sent = stage.requests.map(({ token }) => token);
  assert.equal(sent.filter((token) => token === tokenOf("ada", 1)).length, 1);
});
