import assert from "node:assert/strict";
import { isType, isUpdate } from "../../support/event_predicates.ts";
import type { Scenario } from "../scenario.ts";

/** What every stream begins with. */
export const handshake: readonly Scenario[] = [
  {
    name: "the response has the headers of an event stream that nobody buffers",
    async run(stage) {
      const { response } = await stage.open(stage.anyone);
      const { headers } = response;
      assert.equal(headers.get("content-type"), "text/event-stream");
      assert.equal(headers.get("cache-control"), "no-cache, no-transform");
      assert.equal(headers.get("x-accel-buffering"), "no");
      assert.equal(headers.get("access-control-allow-origin"), "*");
      assert.equal(headers.get("access-control-expose-headers"), "Retry-After");
    },
  },
  {
    name: "the first bytes are a jittered retry, in the block of the first event",
    async run(stage) {
      const user = await stage.user();
      const streams = [await stage.ready(user), await stage.ready(user), await stage.ready(user)];
      for (const { text, retry } of streams) {
        assert.match(text, /^:\nretry: \d+\n(id: .+\n)?data: /);
        assert.ok(retry! >= 1_000 && retry! <= 3_000, `retry: ${retry}`);
      }
      assert.ok(new Set(streams.map(({ retry }) => retry)).size > 1, "all equal");
    },
  },
  {
    name: "no block is without data, which some clients would take for an event",
    async run(stage) {
      const stream = await stage.ready(stage.anyone);
      await stream.next(isType("heartbeat"), "a heartbeat", 60_000);
      const blocks = stream.text.split("\n\n").slice(0, -1);
      assert.ok(blocks.length >= 3);
      for (const block of blocks) assert.match(block, /^data: \{.*\}$/m);
    },
  },
  {
    name: "a first stream is reset, every file, ready with a cursor",
    async run(stage) {
      const user = await stage.user();
      const ids = [await user.insert(), await user.insert(), await user.insert()];
      const { events } = await stage.ready(user);
      const types = events.map(({ eventType }) => eventType).filter((it) => it !== "heartbeat");
      assert.deepEqual(types, ["reset", "file-update", "file-update", "file-update", "ready"]);
      assert.deepEqual(events.flatMap(({ file }) => file?.id ?? []).sort(), ids.sort());
      assert.ok(events.find(isType("ready"))!.id);
    },
  },
  {
    name: "an id that a client got before a reset is void after it",
    async run(stage) {
      const user = await stage.user();
      const id = await user.insert();
      const { events } = await stage.ready(user, { query: { last_event_id: "stale" } });
      const { id: voided } = events.find(isType("reset"))!;
      // As a client sends it that loses its connection right after the reset.
      const again = await stage.ready(user, { headers: { "Last-Event-ID": voided! } });
      assert.ok(again.events.some(isType("reset")));
      assert.ok(again.events.some(isUpdate(id)));
    },
  },
  {
    name: "without files a stream is reset and ready at once",
    async run(stage) {
      const { events } = await stage.ready(stage.anyone);
      const types = events.map(({ eventType }) => eventType).filter((it) => it !== "heartbeat");
      assert.deepEqual(types, ["reset", "ready"]);
    },
  },
  {
    name: "messages are unnamed, and ready comes once a connection",
    async run(stage) {
      const user = await stage.user();
      const stream = await stage.ready(user);
      await stage.caughtUp(user, stream);
      await stream.next(isType("heartbeat"), "a heartbeat", 60_000);
      assert.ok(stream.events.every(({ name }) => name === undefined));
      assert.equal(stream.events.filter(isType("ready")).length, 1);
    },
  },
];
