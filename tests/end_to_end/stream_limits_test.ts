import assert from "node:assert/strict";
import { startStack } from "../../local/stack.ts";
import { isType } from "../support/event_predicates.ts";
import { runScenarios, type Scenario } from "./scenario.ts";

const scenarios: Scenario[] = [{
  name: "429 after two heartbeats over the user's limit, a place when a stream closes, then 503",
  async run(stage) {
    const [ann, bob] = [await stage.user(), await stage.user()];
    const first = await stage.ready(ann);
    await stage.ready(ann);

    const refusal = await stage.refusal(ann);
    assert.deepEqual([refusal.status, refusal.code], [429, "TOO_MANY_STREAMS"]);
    assert.match(refusal.headers.get("retry-after")!, /^\d+$/);
    for (let n = 0; n < 2; n++) await first.next(isType("heartbeat"), "a heartbeat");
    const native = { authorization: null, query: { access_token: ann.token } };
    const { reason } = await (await stage.open(ann, native)).next(isType("closing"), "closing");
    assert.equal(reason, "busy");

    await first.close();
    await stage.ready(ann);

    await stage.ready(bob);
    const overload = await stage.refusal(bob);
    assert.deepEqual([overload.status, overload.code], [503, "OVERLOADED"]);
  },
}];

Deno.test("the function limits the streams of a user and of the isolate", async (t) => {
  const functionEnv = { FILE_EVENTS_MAX_STREAMS_PER_USER: "2", FILE_EVENTS_MAX_STREAMS: "3" };
  await using stack = await startStack({ functionEnv });
  await runScenarios(t, { scenarios, target: stack });
});
