import assert from "node:assert/strict";
import { isType, isUpdate } from "../../support/event_predicates.ts";
import type { Scenario } from "../scenario.ts";

/** Ids: what they cover, how they are given, which are of no use. */
export const resume: readonly Scenario[] = [
  {
    name: "a stream resumes by the header Last-Event-ID and by last_event_id",
    async run(stage) {
      const user = await stage.user();
      const before = await user.insert();
      const { lastEventId } = await stage.ready(user);
      const after = await user.insert();
      for (
        const options of [
          { headers: { "Last-Event-ID": lastEventId } },
          { query: { last_event_id: lastEventId } },
        ]
      ) {
        const { events } = await stage.ready(user, options);
        assert.ok(!events.some(isType("reset")));
        assert.ok(events.some(isUpdate(after)));
        assert.ok(!events.some(isUpdate(before)));
      }
    },
  },
  {
    name: "the header Last-Event-ID wins over last_event_id",
    async run(stage) {
      const user = await stage.user();
      await user.insert();
      const { lastEventId } = await stage.ready(user);
      const resumed = await stage.ready(user, {
        headers: { "Last-Event-ID": lastEventId },
        query: { last_event_id: "stale" },
      });
      assert.ok(!resumed.events.some(isType("reset")));
      const reset = await stage.ready(user, {
        headers: { "Last-Event-ID": "stale" },
        query: { last_event_id: lastEventId },
      });
      assert.ok(reset.events.some(isType("reset")));
    },
  },
  {
    name: "the last id at a heartbeat covers no more than what came before it",
    async run(stage) {
      const user = await stage.user();
      const stream = await stage.ready(user);
      const before = await user.insert();
      await stream.next(isUpdate(before), "the new file");
      // The cursor moves with the next catch-up; until then a resumed stream may repeat.
      await stream.next(isType("heartbeat"), "a heartbeat", 60_000);
      const { lastEventId } = stream;
      const after = await user.insert();
      const { events } = await stage.ready(user, { headers: { "Last-Event-ID": lastEventId } });
      assert.ok(!events.some(isType("reset")));
      assert.ok(events.some(isUpdate(after)));
    },
  },
  {
    name: "an id that is of no use begins with a reset: garbage, too long, another user's",
    async run(stage) {
      const [user, other] = [await stage.user(), await stage.user()];
      const id = await user.insert();
      const foreign = await other.insert();
      const { lastEventId } = await stage.ready(other);
      const own = (await stage.ready(user)).lastEventId;
      const unusable = [
        "0",
        "abc",
        "' or 1=1",
        "9".repeat(400),
        `${own}9`,
        `${own.split(".")[0]}.999999999999999999`,
        lastEventId,
      ];
      for (const stale of unusable) {
        const { events } = await stage.ready(user, { query: { last_event_id: stale } });
        assert.ok(events.some(isType("reset")), stale);
        assert.ok(events.some(isUpdate(id)), stale);
        assert.ok(!events.some(isUpdate(foreign)), stale);
      }
    },
  },
  {
    name: "an id belongs to its file_id filter",
    async run(stage) {
      const user = await stage.user();
      const [first, second] = [await user.insert(), await user.insert()];
      const { lastEventId } = await stage.ready(user, { query: { file_id: first } });
      const headers = { "Last-Event-ID": lastEventId };
      const same = await stage.ready(user, { headers, query: { file_id: first } });
      assert.ok(!same.events.some(isType("reset")));
      const wider = await stage.ready(user, { headers, query: { file_id: [first, second] } });
      assert.ok(wider.events.some(isType("reset")));
      assert.ok(wider.events.some(isUpdate(second)));
      const all = await stage.ready(user, { headers });
      assert.ok(all.events.some(isType("reset")));
    },
  },
];
