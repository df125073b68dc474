import assert from "node:assert/strict";
import { deadline } from "../../support/deadline.ts";
import { until } from "../../support/until.ts";
import { isType, isUpdate } from "../../support/event_predicates.ts";
import { FunctionUnderFault } from "../function_under_fault.ts";
import { ProtocolClient } from "../../support/protocol_client.ts";
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
  {
    name: "a client that stops reading is sent away as a slow consumer, and resumes without loss",
    async run({ fn, stack }) {
      const user = await fn.user();
      const count = 4_000;
      // More than the sockets' buffers hold.
      await stack.database.query(
        `insert into files (user_id, filename, file_type, status, error_message)
         select $1, 'big.pdf', 'application/pdf', 'failed', repeat('e', 4096)
         from generate_series(1, $2)`,
        [user.id, count],
      );
      const client = new ProtocolClient();
      const headers = { authorization: `Bearer ${user.token}` };
      const response = await fetch(`${fn.process.url()}/file-events`, { headers });
      await until(
        () => fn.log.some((line) => line.includes(user.id) && line.includes("slow-consumer")),
        "end of the stream",
      );
      client.connect();
      for await (const bytes of response.body!) client.receive(bytes);
      assert.equal(client.closing, "slow-consumer");
      const known = client.files.size;
      assert.ok(known < count, `${known} files fitted into the buffers`);
      const { events } = await fn.ready(user, { lastEventId: client.lastEventId });
      assert.ok(!events.some(isType("reset")));
      for (const { file } of events) if (file) client.files.set(file.id, file);
      assert.equal(client.files.size, count);
      assert.deepEqual(client.violations, []);
    },
  },
];
