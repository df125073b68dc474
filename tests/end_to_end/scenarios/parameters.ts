import assert from "node:assert/strict";
import { isType, isUpdate } from "../../support/event_predicates.ts";
import type { Scenario } from "../scenario.ts";

/** What a request may ask for, and how it may carry its token. */
export const parameters: readonly Scenario[] = [
  {
    name: "file_id narrows the stream to one file",
    async run(stage) {
      const user = await stage.user();
      const [wanted, unwanted] = [await user.insert(), await user.insert()];
      const stream = await stage.ready(user, { query: { file_id: wanted.toUpperCase() } });
      await user.update(unwanted, { progress: 10 });
      await user.delete(unwanted);
      await user.update(wanted, { progress: 10 });
      await stream.next(isUpdate(wanted, { progress: 10 }), "the update");
      assert.ok(stream.events.every(({ file }) => file === undefined || file.id === wanted));
    },
  },
  {
    name: "file_id may be repeated, up to 100 times, and name a file that is yet to come",
    async run(stage) {
      const user = await stage.user();
      const [first, second, unwanted] = [
        await user.insert(),
        await user.insert(),
        await user.insert(),
      ];
      const id = crypto.randomUUID();
      const others = Array.from({ length: 97 }, () => crypto.randomUUID());
      const stream = await stage.ready(user, {
        query: { file_id: [first, second, id, ...others] },
      });
      await user.update(unwanted, { progress: 10 });
      await user.insert({ id });
      await stream.next(isUpdate(id), "the new file");
      assert.ok(stream.events.some(isUpdate(first)));
      assert.ok(stream.events.some(isUpdate(second)));
      assert.ok(!stream.events.some(isUpdate(unwanted)));
    },
  },
  {
    name: "file_id of another user's file, or of none, yields nothing",
    async run(stage) {
      const [user, other] = [await stage.user(), await stage.user()];
      const [own, foreign] = [await user.insert(), await other.insert()];
      const stream = await stage.ready(user, {
        query: { file_id: [own.toUpperCase(), foreign, "1 or 1=1", "🦊"] },
      });
      const observer = await stage.ready(other);
      await other.update(foreign, { progress: 10 });
      await observer.next(isUpdate(foreign, { progress: 10 }), "the owner's own update");
      await other.delete(foreign);
      await user.update(own, { progress: 10 });
      await stream.next(isUpdate(own, { progress: 10 }), "the update");
      await stream.next(isType("heartbeat"), "a heartbeat", 60_000);
      assert.ok(stream.events.every(({ file }) => file === undefined || file.id === own));
    },
  },
  {
    name: "snapshot=false sends no files, and what changes from then on",
    async run(stage) {
      const user = await stage.user();
      const id = await user.insert();
      const stream = await stage.ready(user, { query: { snapshot: "false" } });
      const types = stream.events.map(({ eventType }) => eventType);
      assert.deepEqual(types.filter((it) => it !== "heartbeat"), ["reset", "ready"]);
      await user.update(id, { progress: 10 });
      await stream.next(isUpdate(id, { progress: 10 }), "the update");
      await user.update(id, { progress: 20 });
      const headers = { "Last-Event-ID": stream.lastEventId };
      const resumed = await stage.ready(user, { headers, query: { snapshot: "false" } });
      assert.ok(!resumed.events.some(isType("reset")));
      assert.ok(resumed.events.some(isUpdate(id, { progress: 20 })));
    },
  },
  ...[
    ["101 of file_id", { file_id: Array.from({ length: 101 }, () => crypto.randomUUID()) }],
    ["a file_id with a control character", { file_id: "a\0b" }],
    ["an empty file_id", { file_id: "" }],
    ["a snapshot that is neither true nor false", { snapshot: "maybe" }],
  ].map(([what, query]): Scenario => ({
    name: `${what}: 400 INVALID_PARAMETER`,
    async run(stage) {
      const { status, code, headers } = await stage.refusal(stage.anyone, {
        query: query as Record<string, string>,
      });
      assert.deepEqual({ status, code }, { status: 400, code: "INVALID_PARAMETER" });
      assert.equal(headers.get("content-type"), "application/json");
    },
  })),
  {
    name: "a native EventSource gives its token in the URL",
    async run(stage) {
      const user = await stage.user();
      const stream = await stage.ready(user, {
        authorization: null,
        query: { access_token: user.token },
      });
      const id = await user.insert();
      await stream.next(isUpdate(id), "the new file");
    },
  },
  {
    name: "the Authorization header wins over access_token",
    async run(stage) {
      const [user, other] = [await stage.user(), await stage.user()];
      const [own, foreign] = [await user.insert(), await other.insert()];
      const { events } = await stage.ready(user, { query: { access_token: other.token } });
      assert.ok(events.some(isUpdate(own)));
      assert.ok(!events.some(isUpdate(foreign)));
      const { status, code } = await stage.refusal(user, {
        authorization: "Bearer nonsense",
        query: { access_token: user.token },
      });
      assert.deepEqual({ status, code }, { status: 401, code: "AUTH_INVALID" });
    },
  },
];
