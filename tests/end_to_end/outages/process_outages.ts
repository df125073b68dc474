import assert from "node:assert/strict";
import { deadline } from "../../support/deadline.ts";
import { until } from "../../support/until.ts";
import { isType, isUpdate } from "../../support/event_predicates.ts";
import { FunctionUnderFault } from "../function_under_fault.ts";
import { fileEvents } from "../../../client/file_events.ts";
import { ProtocolChecker } from "../../support/protocol_checker.ts";
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
      const isSentAway = () =>
        fn.log.some((line) => line.includes(user.id) && line.includes("slow-consumer"));
      const checker = new ProtocolChecker();
      const counts: Record<string, number> = {};
      using files = fileEvents({
        url: stack.url,
        key: stack.publishableKey,
        getToken: () => user.token,
        onEvent(event, id) {
          checker.receive(event, id);
          counts[event.eventType] = (counts[event.eventType] ?? 0) + 1;
        },
        async fetch(_, init) {
          const response = await fetch(`${fn.process.url()}/file-events`, init);
          checker.connect(new Headers(init!.headers).get("last-event-id") || null);
          await until(isSentAway, "end of the stream");
          return response;
        },
      });
      files.subscribe(() => {});
      await until(() => counts.closing === 1, "closing");
      const known = counts["file-update"]!;
      assert.ok(known < count, `${known} files fitted into the buffers`);
      await until(() => files.value.length === count, "all files");
      assert.deepEqual([counts.reset, checker.violations], [1, []]);
    },
  },
];
