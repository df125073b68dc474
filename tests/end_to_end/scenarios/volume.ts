import assert from "node:assert/strict";
import { isType } from "../../support/event_predicates.ts";
import type { EventStream } from "../../support/event_stream.ts";
import type { Scenario } from "../scenario.ts";
import { check, type TestUser } from "../../support/test_user.ts";

/** More than two pages of a catch-up. */
const MANY = 1_200;

async function insertMany({ supabase }: TestUser): Promise<void> {
  const rows = Array.from({ length: MANY }, (_, index) => ({
    filename: `${index}.pdf`,
    file_type: "application/pdf",
  }));
  check(await supabase.from("files").insert(rows));
}

function fileIds({ events }: Pick<EventStream, "events">): string[] {
  return events.flatMap(({ file }) => file ? [file.id] : []);
}

/** Many rows at once. */
export const volume: readonly Scenario[] = [
  {
    name: `a snapshot of ${MANY} files comes whole, in pages that carry a cursor`,
    async run(stage) {
      const user = await stage.user();
      await insertMany(user);
      const stream = await stage.open(user);
      await stream.next(isType("ready"), "ready", 60_000);
      assert.equal(stream.events.filter(isType("reset")).length, 1);
      assert.equal(new Set(fileIds(stream)).size, MANY);
      assert.equal(fileIds(stream).length, MANY);
      const pages = stream.events.filter(({ eventType, id }) => eventType === "file-update" && id);
      assert.ok(pages.length >= 2, `${pages.length} pages`);
    },
  },
  {
    name: "a snapshot that breaks off continues where its last cursor was",
    async run(stage) {
      const user = await stage.user();
      await insertMany(user);
      const first = await stage.open(user);
      const { id } = await first.next(
        ({ eventType, id }) => eventType === "file-update" && id !== undefined,
        "the first page",
        60_000,
      );
      await first.close();
      // Events without a file, such as a heartbeat, may stand between the files.
      const covered = first.events.slice(0, first.events.findIndex((it) => it.id === id) + 1);
      const known = new Set(fileIds({ events: covered }));
      const rest = await stage.open(user, { headers: { "Last-Event-ID": id! } });
      await rest.next(isType("ready"), "ready", 60_000);
      assert.ok(!rest.events.some(isType("reset")));
      assert.equal(fileIds(rest).length, MANY - known.size);
      assert.equal(new Set([...known, ...fileIds(rest)]).size, MANY);
    },
  },
  {
    name: "one statement that changes many rows changes all of them in the stream",
    async run(stage) {
      const user = await stage.user();
      await insertMany(user);
      const stream = await stage.open(user);
      await stream.next(isType("ready"), "ready", 60_000);
      const before = stream.events.length;
      check(await user.supabase.from("files").update({ progress: 50 }).neq("progress", 50));
      const changed = new Set<string>();
      while (changed.size < MANY) {
        const { file } = await stream.next(({ file }) => file !== undefined, "an update", 60_000);
        if (file!.progress === 50) changed.add(file!.id);
      }
      check(await user.supabase.from("files").delete().eq("progress", 50));
      for (let left = MANY; left > 0; left--) {
        await stream.next(isType("file-deleted"), "a deletion", 60_000);
      }
      const deleted = stream.events.slice(before).filter(isType("file-deleted"));
      assert.deepEqual(new Set(deleted.map(({ file }) => file!.id)), changed);
    },
  },
];
