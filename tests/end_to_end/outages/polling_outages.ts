import assert from "node:assert/strict";
import { isUpdate } from "../../support/event_predicates.ts";
import { PollClient } from "../../support/poll_client.ts";
import type { TestUser } from "../../support/test_user.ts";
import { confirms, type FunctionUnderFault } from "../function_under_fault.ts";
import type { Outage } from "../outage.ts";

function createPoller(fn: FunctionUnderFault, { token }: TestUser): PollClient {
  return new PollClient(`${fn.process.url()}/file-events`, token);
}

/** What polls do with Realtime. */
export const pollingOutages: readonly Outage[] = [
  {
    name: "polls join one channel, do not leave it, and hand it on to a stream",
    async run({ fn }) {
      const user = await fn.user();
      const client = createPoller(fn, user);
      await client.catchUp();
      for (let progress = 1; progress <= 10; progress++) {
        const answered = client.poll({ wait: 25 });
        const id = await user.insert({ progress });
        await answered;
        while (!client.files.has(id)) await client.poll({ wait: 25 });
      }
      assert.ok(!fn.hasLeft(user));
      const stream = await fn.ready(user);
      const id = await user.insert();
      await stream.next(isUpdate(id), "a change over the same channel");
      const joins = fn.upstream.delivered
        .filter((frame) => frame.includes(user.id) && confirms(frame));
      assert.equal(joins.length, 1);
    },
  },
  {
    name: "Realtime can't be reached: polls bring each change all the same",
    async run({ fn, stack }) {
      stack.realtime.fault({ fault: "down" });
      const user = await fn.user();
      const client = createPoller(fn, user);
      await client.catchUp();
      for (let n = 0; n < 3; n++) {
        const answered = client.poll({ wait: 2 });
        const id = await user.insert();
        await answered;
        while (!client.files.has(id)) await client.poll({ wait: 2 });
      }
    },
  },
];
