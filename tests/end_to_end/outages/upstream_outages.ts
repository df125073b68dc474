import assert from "node:assert/strict";
import { isType, isUpdate } from "../../support/event_predicates.ts";
import type { FunctionUnderFault } from "../function_under_fault.ts";
import type { Outage } from "../outage.ts";

/** Everything below `path` fails, each time in another way. */
function fail({ upstream }: FunctionUnderFault, path: string): void {
  let count = 0;
  upstream.answer = (request, pass) => {
    if (!new URL(request.url).pathname.startsWith(path)) return pass(request);
    const answers = [
      () => new Response("<html>Bad Gateway</html>", { status: 502 }),
      () => new Response(null, { status: 503 }),
      () => new Response("{", { headers: { "content-type": "application/json" } }),
    ];
    return answers[count++ % answers.length]!();
  };
}

/** Auth or PostgREST down. */
export const upstreamOutages: readonly Outage[] = [
  {
    name: "Auth down: 503 UPSTREAM_UNAVAILABLE with Retry-After, never 401",
    async run({ fn }) {
      const user = await fn.user();
      fn.upstream.answer = () => new Response(null, { status: 503 });
      const response = await fetch(`${fn.process.url()}/file-events`, {
        headers: { authorization: `Bearer ${user.token}` },
      });
      const { code } = await response.json();
      assert.deepEqual([response.status, code], [503, "UPSTREAM_UNAVAILABLE"]);
      assert.ok(Number(response.headers.get("retry-after")) > 0);
      fn.upstream.heal();
      await fn.ready(user);
    },
  },
  {
    name: "Auth down: a native EventSource is told to come back, by a stream that it understands",
    async run({ fn }) {
      const user = await fn.user();
      fn.upstream.answer = () => new Response(null, { status: 503 });
      const stream = await fn.open(user, { query: { access_token: user.token } });
      await stream.ended;
      assert.equal(stream.response.status, 200);
      assert.equal(stream.response.headers.get("content-type"), "text/event-stream");
      assert.ok(stream.retry! > 30_000 && stream.retry! < 90_000, `retry: ${stream.retry}`);
      assert.deepEqual(stream.events.map(({ eventType, reason, id }) => [eventType, reason, id]), [
        ["closing", "busy", undefined],
      ]);
    },
  },
  {
    name: "the database fails for a while: the stream stays open, then everything arrives",
    async run({ fn, stack }) {
      const user = await fn.user();
      const [changed, deleted] = [await user.insert(), await user.insert()];
      const stream = await fn.ready(user);
      stack.realtime.fault({ fault: "down" });
      fail(fn, "/rest/v1/");
      await user.update(changed, { progress: 50 });
      await user.delete(deleted);
      const added = await user.insert();
      for (let count = 0; count < 5; count++) {
        await stream.next(isType("heartbeat"), "a heartbeat");
      }
      assert.equal(stream.events.filter(({ file }) => file).length, 2);
      fn.upstream.heal();
      const told = new Set<string>();
      while (told.size < 3) {
        const { file } = await stream.next(({ file }) => file !== undefined, "a change");
        told.add(file!.id);
      }
      assert.deepEqual(told, new Set([changed, deleted, added]));
    },
  },
  {
    name: "the database fails from the start: the stream beats until its snapshot comes",
    async run({ fn }) {
      const user = await fn.user();
      const id = await user.insert();
      fail(fn, "/rest/v1/");
      const stream = await fn.open(user);
      for (let count = 0; count < 3; count++) {
        const { id } = await stream.next(isType("heartbeat"), "a heartbeat");
        assert.equal(id, undefined);
      }
      fn.upstream.heal();
      await stream.next(isType("ready"), "ready");
      assert.ok(stream.events.some(isUpdate(id)));
    },
  },
  {
    name: "no internal text reaches a client",
    async run({ fn }) {
      const user = await fn.user();
      fn.upstream.answer = () => Promise.reject(new Error("secret of the inside"));
      const response = await fetch(`${fn.process.url()}/file-events`, {
        headers: { authorization: `Bearer ${user.token}` },
      });
      const { error, ...rest } = await response.json();
      assert.equal(response.status, 503);
      assert.deepEqual(rest, { code: "UPSTREAM_UNAVAILABLE" });
      assert.doesNotMatch(error, /secret|127\.0\.0\.1|fetch/);
    },
  },
];
