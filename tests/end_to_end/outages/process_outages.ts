import assert from "node:assert/strict";
import { deadline, until } from "../../local/deadline.ts";
import { isType, isUpdate } from "../event_predicates.ts";
import { FunctionUnderFault } from "../function_under_fault.ts";
import type { Outage } from "../outage.ts";
import { startLateNotice } from "../late_notice.ts";

/** The function's process or its client's connection ends. */
export const processOutages: readonly Outage[] = [
  {
    name: "the function's process is killed: the client resumes and lacks nothing",
    async run({ fn }) {
      const user = await fn.user();
      const [kept, changed] = [await user.insert(), await user.insert()];
      const stream = await fn.ready(user);
      const before = fn.process.url();
      Deno.kill(fn.process.pid!, "SIGKILL");
      await stream.ended;
      await user.update(changed, { progress: 50 });
      const added = await user.insert();
      await until(() => ![undefined, before].includes(fn.process.url()), "new process");
      const { events } = await fn.ready(user, { lastEventId: stream.lastEventId });
      assert.ok(!events.some(isType("reset")));
      assert.ok(events.some(isUpdate(changed, { progress: 50 })));
      assert.ok(events.some(isUpdate(added)));
      assert.ok(!events.some(isUpdate(kept)));
    },
  },
  {
    name: "the function shuts down: closing with reason shutdown, and the client resumes elsewhere",
    async run({ fn, stack, source }) {
      const user = await fn.user();
      await using ending = await FunctionUnderFault.start(stack, { source });
      const stream = await ending.ready(user);
      await ending.process.stop();
      const closing = await stream.next(isType("closing"), "closing");
      assert.deepEqual([closing.reason, closing.id], ["shutdown", undefined]);
      await stream.ended;
      assert.equal(stream.events.at(-1), closing);
      const id = await user.insert();
      const { events } = await fn.ready(user, { lastEventId: stream.lastEventId });
      assert.ok(!events.some(isType("reset")));
      assert.ok(events.some(isUpdate(id)));
    },
  },
  {
    name: "Connection close: the stream ends with it, and leaves its channel",
    async run({ fn }) {
      const user = await fn.user();
      const stream = await fn.live(user);
      await stream.close();
      await until(() => fn.hasLeft(user), "end of the channel");
      assert.ok(fn.log.some((line) => line.includes(user.id) && line.includes('"cancelled"')));
    },
  },
  {
    name: "a client that vanishes and is noticed only by failing writes leaves nothing behind",
    async run({ fn }) {
      const user = await fn.user();
      const isClosed = (line: string) => line.includes(user.id) && line.includes("stream closed");
      await using edge = startLateNotice(() => fn.process.url()!);
      const stream = await fn.live(user, { base: edge.url });
      await stream.close();
      await deadline(edge.vanished, "end of the connection");
      // Nobody has told the function; its heartbeats find out.
      assert.ok(!fn.log.some(isClosed));
      await until(() => fn.hasLeft(user), "end of the channel");
      assert.ok(edge.failedWrites >= 2);
      assert.ok(fn.log.some(isClosed));
    },
  },
];
