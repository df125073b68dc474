import assert from "node:assert/strict";
import { isUpdate } from "../../support/event_predicates.ts";
import type { EventStream } from "../../support/event_stream.ts";
import type { Scenario, Stage } from "../scenario.ts";
import type { TestUser } from "../../support/test_user.ts";

const FILES = 20;

/** Writes without waiting for one to end before the next begins; resolves to all ids it used. */
async function writeMuch(user: TestUser): Promise<Set<string>> {
  const ids = await Promise.all(Array.from({ length: FILES }, async (_, index) => {
    const id = await user.insert({ filename: `${index}.pdf` });
    await Promise.all([
      user.update(id, { progress: 30 }),
      user.update(id, { filename: `${index}-b.pdf` }),
    ]);
    if (index % 2 === 0) await user.delete(id);
    else await user.update(id, { status: "ready", progress: 100 });
    return id;
  }));
  return new Set(ids);
}

async function streamsOf(stage: Stage, user: TestUser, foreign: string): Promise<EventStream[]> {
  return await Promise.all([
    stage.ready(user),
    stage.ready(user, { query: { snapshot: "false" } }),
    stage.ready(user, { authorization: null, query: { access_token: user.token } }),
    stage.ready(user, { query: { file_id: foreign } }),
  ]);
}

/** Nothing of anybody else's. */
export const isolation: readonly Scenario[] = [
  {
    name: "two users with overlapping requests and streams see nothing of each other's",
    async run(stage) {
      const [ada, grace] = [await stage.user(), await stage.user()];
      const [adas, graces] = [await ada.insert(), await grace.insert()];
      const [ofAda, ofGrace] = await Promise.all([
        streamsOf(stage, ada, graces),
        streamsOf(stage, grace, adas),
      ]);
      const written = await Promise.all([writeMuch(ada), writeMuch(grace)]);
      await Promise.all([ada.delete(adas), grace.delete(graces)]);
      for (
        const { user, streams, ids } of [
          { user: ada, streams: ofAda, ids: new Set([adas, ...written[0]]) },
          { user: grace, streams: ofGrace, ids: new Set([graces, ...written[1]]) },
        ]
      ) {
        const marker = await user.insert({ filename: "marker" });
        const all = streams.slice(0, 3);
        await Promise.all(all.map((stream) => stream.next(isUpdate(marker), "the marker")));
        for (const { events } of all) {
          const told = new Set(events.flatMap(({ file }) => file?.id ?? []));
          assert.deepEqual(told, new Set([...ids, marker]));
          const deleted = events.filter(({ eventType }) => eventType === "file-deleted");
          assert.equal(new Set(deleted.map(({ file }) => file!.id)).size, FILES / 2 + 1);
        }
        // It had asked for a file of the other's.
        assert.ok(streams[3]!.events.every(({ file }) => file === undefined));
      }
    },
  },
];
