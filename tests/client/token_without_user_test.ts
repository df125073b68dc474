import assert from "node:assert/strict";
import { unsignedToken } from "../support/access_tokens.ts";
import { exampleFile, startClientStage } from "./client_stage.ts";
import { tokenOf } from "./fake_auth.ts";

for (const sub of [undefined, null, "", 0]) {
  Deno.test(`the files of a token whose sub is ${JSON.stringify(sub)} are not shown to the next user`, async () => {
    let token = unsignedToken({ sub, role: "anon" });
    using stage = startClientStage({ options: { getToken: () => token } });
    const first = await stage.request();
    first.begin().snapshot([exampleFile("1")], "a.1");
    await stage.settle();
    token = tokenOf("grace");
    first.cut();
    await stage.clock.advance(1_000);
    assert.deepEqual(stage.names(), []);
    assert.equal(stage.requests[1]!.headers.get("last-event-id"), "");
  });
}
