import assert from "node:assert/strict";
import { exampleFile, startClientStage, TOKEN } from "./client_stage.ts";

Deno.test("a sign-out after a loss of the network has no reason, because nothing is wrong", async () => {
  let token: string | null = TOKEN;
  using stage = startClientStage({ options: { getToken: () => token } });
  const request = await stage.request();
  request.begin().snapshot([exampleFile("1")], "c.1").cut();
  await stage.settle();
  token = null;
  await stage.clock.advance(1_000);
  assert.equal(stage.states.at(-1), "signed-out");
});
