import assert from "node:assert/strict";
import { until } from "../../support/until.ts";
import { isDeletion, isType, isUpdate } from "../../support/event_predicates.ts";
import type { EventStream } from "../../support/event_stream.ts";
import { confirms, type FunctionUnderFault } from "../function_under_fault.ts";
import type { Outage } from "../outage.ts";
import type { TestUser } from "../../support/test_user.ts";

/** A frame that carries a change, and not the channel's own affairs. */
function isData(frame: string): boolean {
  return !frame.includes('"system"') && !frame.includes("phx_");
}

/** Loses every frame that names one of `ids`. */
function lose(fn: FunctionUnderFault, ...ids: string[]): void {
  fn.upstream.onFrame = (frame, deliver) => {
    if (!ids.some((id) => frame.includes(id))) deliver();
  };
}

/** Changes files until Realtime brings a change again; each arrives anyhow. */
async function toldAgain(fn: FunctionUnderFault, user: TestUser, stream: EventStream) {
  await until(async () => {
    const id = await user.insert();
    await stream.next(isUpdate(id), "the new file");
    return fn.wasTold(id);
  }, "live change");
}

/** What Realtime loses. The names are those of the rows measured on a real server. */
export const realtimeOutages: readonly Outage[] = [
  {
    name: "Realtime subscription fails: the stream is open and complete without it",
    async run({ fn, stack }) {
      stack.realtime.fault({ fault: "down" });
      const user = await fn.user();
      const before = await user.insert();
      const stream = await fn.ready(user);
      assert.equal(stream.response.status, 200);
      assert.ok(stream.events.some(isUpdate(before)));
      await user.update(before, { progress: 50 });
      await stream.next(isUpdate(before, { progress: 50 }), "the update");
      await user.delete(before);
      await stream.next(isDeletion(before), "the deletion");
      await stream.next(isType("heartbeat"), "a heartbeat");
      assert.ok(!fn.wasTold(before));
      await until(
        () => fn.log.some((line) => /"level":"warn".*realtime/i.test(line)),
        "line in the log",
      );
      stack.realtime.fault({ fault: "up" });
      await toldAgain(fn, user, stream);
    },
  },
  {
    name: "first subscription on a cold server: what is committed before its system ok",
    async run({ fn }) {
      const user = await fn.user();
      const id = crypto.randomUUID();
      fn.upstream.onFrame = async (frame, deliver) => {
        if (confirms(frame)) await user.insert({ id, status: "ready" });
        if (!frame.includes(id)) deliver();
      };
      const stream = await fn.live(user);
      // It may come before `ready`, because the first catch-up can wait for the confirmation.
      await until(() => stream.events.some(isUpdate(id)), "the file of the gap");
      assert.ok(!fn.wasTold(id));
    },
  },
  {
    name: "silent deafness: everything arrives, and the feed is joined anew",
    async run({ fn, stack }) {
      const user = await fn.user();
      const stream = await fn.live(user);
      stack.realtime.fault({ fault: "deaf" });
      const first = await user.insert();
      await stream.next(isUpdate(first), "the first change");
      assert.ok(!fn.wasTold(first));
      // It takes five seconds for a change to count as missed.
      await toldAgain(fn, user, stream);
      assert.ok(fn.log.some((line) => line.includes("deaf")));
    },
  },
  {
    name: "short database outage: the channel stays joined, and changes are lost for a while",
    async run({ fn, stack }) {
      const user = await fn.user();
      const [changed, deleted] = [await user.insert(), await user.insert()];
      const stream = await fn.live(user);
      const { channels } = stack.realtime.counts();
      fn.upstream.answer = (_request) => new Response("down", { status: 503 });
      fn.upstream.onFrame = (frame, deliver) => {
        if (!isData(frame)) deliver();
      };
      await user.update(changed, { progress: 50 });
      await user.delete(deleted);
      const added = await user.insert();
      for (let count = 0; count < 3; count++) {
        await stream.next(isType("heartbeat"), "a heartbeat");
      }
      assert.ok(!stream.events.some(isUpdate(added)));
      fn.upstream.heal();
      await Promise.all([
        stream.next(({ file }) => file?.id === added, "the new file"),
        until(() => stream.events.some(isDeletion(deleted)), "deletion"),
        until(() => stream.events.some(isUpdate(changed, { progress: 50 })), "update"),
      ]);
      assert.equal(stack.realtime.counts().channels, channels);
      assert.ok(!fn.wasTold(added));
    },
  },
  {
    name: "server restart: what happens while the sockets are gone",
    async run({ fn, stack }) {
      const user = await fn.user();
      const stream = await fn.live(user);
      stack.realtime.fault({ fault: "down" });
      const id = await user.insert();
      stack.realtime.fault({ fault: "up" });
      await stream.next(isUpdate(id), "the new file");
      assert.ok(!fn.wasTold(id));
      await toldAgain(fn, user, stream);
    },
  },
  {
    name: "dropped sockets: joined again, and nothing lost in between",
    async run({ fn, stack }) {
      const user = await fn.user();
      const stream = await fn.live(user);
      stack.realtime.fault({ fault: "drop" });
      const id = await user.insert();
      await stream.next(isUpdate(id), "the new file");
      await toldAgain(fn, user, stream);
    },
  },
  {
    name: "row deleted before the poll: its insert and its update never come, its end does",
    async run({ fn, stack, source }) {
      const user = await fn.user();
      const id = await user.insert();
      const stream = await fn.live(user);
      const short = crypto.randomUUID();
      const { database } = stack;
      await Promise.all([
        database.query("update files set progress = 99 where id = $1", [id]),
        database.query("delete from files where id = $1", [id]),
        database.query(
          "insert into files (id, user_id, filename, file_type) values ($1, $2, 'a', 'b')",
          [short, user.id],
        ),
        database.query("delete from files where id = $1", [short]),
      ]);
      await stream.next(isDeletion(id), "the deletion");
      const last = await user.insert();
      await stream.next(isUpdate(last), "the last file");
      const files = new Set<string>();
      for (const { eventType, file } of stream.events) {
        if (eventType === "file-update") files.add(file!.id);
        if (eventType === "file-deleted") files.delete(file!.id);
      }
      assert.deepEqual([...files], [last]);
      if (source === "postgres_changes") {
        const updates = fn.upstream.delivered.filter((it) => it.includes('"progress":99'));
        assert.deepEqual(updates, []);
      }
    },
  },
  {
    name: "a DELETE that never arrives",
    async run({ fn }) {
      const user = await fn.user();
      const id = await user.insert();
      const stream = await fn.live(user);
      lose(fn, id);
      await user.delete(id);
      await stream.next(isDeletion(id), "the deletion");
      assert.ok(!fn.wasTold(id));
    },
  },
  {
    name: "ownership change: the old owner is told nothing, and both end up right",
    async run({ fn, stack }) {
      const [giver, taker] = [await fn.user(), await fn.user()];
      const id = await giver.insert();
      const giving = await fn.live(giver);
      const taking = await fn.ready(taker);
      lose(fn, id);
      await stack.database.query("update files set user_id = $1 where id = $2", [taker.id, id]);
      await giving.next(isDeletion(id), "the deletion");
      await taking.next(isUpdate(id), "the file");
      await stack.database.query("update files set user_id = $1 where id = $2", [giver.id, id]);
      await taking.next(isDeletion(id), "the deletion");
      await giving.next(isUpdate(id), "the file again");
      assert.ok(!fn.wasTold(id));
    },
  },
  {
    name: "TRUNCATE: every file is deleted",
    deletesAllFiles: true,
    async run({ fn, stack }) {
      const user = await fn.user();
      const ids = [await user.insert(), await user.insert()];
      const stream = await fn.live(user);
      lose(fn, ...ids);
      await stack.database.execute("truncate files");
      const gone = [
        await stream.next(isType("file-deleted"), "a deletion"),
        await stream.next(isType("file-deleted"), "another deletion"),
      ];
      assert.deepEqual(gone.map(({ file }) => file!.id).sort(), ids.sort());
    },
  },
  {
    name: "messages dropped above a limit",
    async run({ fn }) {
      const user = await fn.user();
      const ids: string[] = [];
      for (let count = 0; count < 10; count++) ids.push(await user.insert());
      const stream = await fn.live(user);
      let passed = 0;
      fn.upstream.onFrame = (frame, deliver) => {
        if (!isData(frame) || passed++ < 5) deliver();
      };
      for (const progress of [25, 50, 75]) {
        await Promise.all(ids.map((id) => user.update(id, { progress })));
      }
      await Promise.all(ids.map((id) => user.update(id, { progress: 100, status: "ready" })));
      await until(
        () => ids.every((id) => stream.events.some(isUpdate(id, { progress: 100 }))),
        "last state of every file",
      );
      assert.ok(passed > 5, "messages were dropped");
    },
  },
  {
    name: "records over 1 MiB, which come with fields removed",
    async run({ fn, source }) {
      const user = await fn.user();
      const stream = await fn.live(user);
      const id = await user.insert({
        status: "failed",
        error_message: "e".repeat(1_100_000),
      });
      const { file } = await stream.next(isUpdate(id), "the file");
      assert.equal(file!.error_message, "e".repeat(4_096));
      assert.equal(file!.filename, "document.pdf");
      if (source === "postgres_changes") {
        await until(
          () => fn.upstream.delivered.some((frame) => frame.includes("Payload Too Large")),
          "message with fields removed",
        );
      }
    },
  },
  {
    name: "messages that come late, doubled and in another order",
    async run({ fn }) {
      const user = await fn.user();
      const id = await user.insert();
      const stream = await fn.live(user);
      const held: (() => void)[] = [];
      fn.upstream.onFrame = (frame, deliver) => {
        if (frame.includes(id)) held.push(deliver, deliver);
        else deliver();
      };
      for (const progress of [20, 40, 60]) await user.update(id, { progress });
      await user.delete(id);
      await stream.next(isDeletion(id), "the deletion");
      await until(() => held.length >= 2, "held message");
      const count = fn.upstream.delivered.length;
      for (const deliver of held.reverse()) deliver();
      assert.ok(fn.upstream.delivered.length > count);
      const last = await user.insert();
      await stream.next(isUpdate(last), "the last file");
      const events = stream.events.filter(({ file }) => file?.id === id);
      assert.equal(events.at(-1)!.eventType, "file-deleted");
      assert.equal(events.filter(isType("file-deleted")).length, 1);
    },
  },
];
