import assert from "node:assert/strict";
import { isDeletion, isUpdate } from "../../support/event_predicates.ts";
import type { Scenario } from "../scenario.ts";
import { check, createAdmin } from "../../support/test_user.ts";

/** Rows as they come, and what becomes of them. */
export const contents: readonly Scenario[] = [
  {
    name: "newlines, quotes and emoji arrive as they are, live and in a snapshot",
    async run(stage) {
      const user = await stage.user();
      const row = {
        filename: `"a" \\ 'b'\u2028 data: x\n\nid: 7 👩‍👩‍👧 é.pdf`,
        error_message: "line 1\nline 2\r\nline 3\rdata: {}\n\nretry: 1\n\t\u0001 𝕏",
      };
      const stream = await stage.ready(user);
      const id = await user.insert(row);
      await stream.next(isUpdate(id, row), "the row, live");
      const { events } = await stage.ready(user);
      assert.ok(events.some(isUpdate(id, row)));
    },
  },
  {
    name: "an error message of 100 kB is cut to 4 KB with its characters whole",
    async run(stage) {
      const user = await stage.user();
      const stream = await stage.ready(user);
      // Four bytes each, and 4,096 falls within one.
      const id = await user.insert({ error_message: "x" + "😀".repeat(25_000) });
      const cut = { error_message: "x" + "😀".repeat(1_023) };
      const { file } = await stream.next(isUpdate(id), "the row, live");
      assert.equal(file!.error_message, cut.error_message);
      const { events } = await stage.ready(user);
      assert.ok(events.some(isUpdate(id, cut)));
    },
  },
  {
    name: "a filename of 5 kB is cut to 1 KB",
    async run(stage) {
      const user = await stage.user();
      const stream = await stage.ready(user);
      const id = await user.insert({ filename: "é".repeat(2_500) });
      const { file } = await stream.next(isUpdate(id), "the row");
      assert.equal(file!.filename, "é".repeat(512));
    },
  },
  {
    name: "an update that changes nothing sends nothing",
    async run(stage) {
      const user = await stage.user();
      const id = await user.insert({ progress: 10 });
      const stream = await stage.ready(user);
      await user.update(id, { progress: 10 });
      await user.update(id, { progress: 20 });
      await stream.next(isUpdate(id, { progress: 20 }), "the change");
      assert.equal(stream.events.filter(isUpdate(id)).length, 2);
    },
  },
  {
    name: "a file that is deleted and inserted again with its id is there at the end",
    async run(stage) {
      const user = await stage.user();
      const id = await user.insert({ filename: "first.pdf" });
      const stream = await stage.ready(user);
      const again = { id, filename: "again.pdf" };
      await user.delete(id);
      await stream.next(isDeletion(id), "the deletion");
      await user.insert(again);
      await stream.next(isUpdate(id, again), "the file again");

      for (let round = 0; round < 5; round++) {
        await user.delete(id);
        await user.insert({ id, filename: `${round}.pdf` });
      }
      await stage.caughtUp(user, stream);
      const last = stream.events.filter(({ file }) => file?.id === id).at(-1)!;
      assert.ok(isUpdate(id, { filename: "4.pdf" })(last), JSON.stringify(last));
      const { events } = await stage.ready(user);
      assert.ok(events.some(isUpdate(id, { filename: "4.pdf" })));
    },
  },
  {
    name: "a file that changes its owner is deleted for the one and comes for the other, and back",
    async run(stage) {
      const [giver, taker] = [await stage.user(), await stage.user()];
      const admin = createAdmin(stage.target);
      const id = await giver.insert({ filename: "deed.pdf" });
      const [giving, taking] = [await stage.ready(giver), await stage.ready(taker)];
      check(await admin.from("files").update({ user_id: taker.id }).eq("id", id));
      await giving.next(isDeletion(id), "the deletion");
      await taking.next(isUpdate(id, { filename: "deed.pdf" }), "the file");
      await taker.update(id, { filename: "taken.pdf" });
      await taking.next(isUpdate(id, { filename: "taken.pdf" }), "the new owner's update");
      check(await admin.from("files").update({ user_id: giver.id }).eq("id", id));
      await taking.next(isDeletion(id), "the deletion");
      await giving.next(isUpdate(id, { filename: "taken.pdf" }), "the file again");
    },
  },
];
