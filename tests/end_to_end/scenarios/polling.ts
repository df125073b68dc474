import assert from "node:assert/strict";
import type { Scenario } from "../scenario.ts";
import { check, type TestUser } from "../../support/test_user.ts";
import type { PollClient } from "../../support/poll_client.ts";

/** More than two answers hold. */
const MANY = 2_100;

/** What the client has is what its user selects. */
async function assertAgrees({ files }: PollClient, { supabase }: TestUser): Promise<void> {
  const rows: { id: string; progress: number }[] = [];
  for (let from = 0; rows.length === from; from += 1_000) {
    const { data, error } = await supabase.from("files").select("id, progress").order("id")
      .range(from, from + 999);
    check({ error });
    rows.push(...data!);
  }
  const shown = [...files.values()].map(({ id, progress }) => ({ id, progress }));
  assert.deepEqual(shown.toSorted((a, b) => a.id < b.id ? -1 : 1), rows);
}

/** The twin of the stream: its events as JSON, one request after another. */
export const polling: readonly Scenario[] = [
  {
    name: `a snapshot of ${MANY} files comes whole, in several answers`,
    async run(stage) {
      const user = await stage.user();
      const rows = Array.from({ length: MANY }, (_, n) => ({
        filename: `${n}.pdf`,
        file_type: "application/pdf",
      }));
      check(await user.supabase.from("files").insert(rows));
      const client = stage.poller(user);
      await client.catchUp();
      const { answers } = client;
      assert.ok(answers.length >= 3, `${answers.length} answers`);
      assert.deepEqual(answers.map(({ more }) => more), [
        ...answers.slice(1).map(() => true),
        false,
      ]);
      const types = answers.flatMap(({ events }) => events.map(({ eventType }) => eventType));
      const updates = Array.from({ length: MANY }, () => "file-update");
      assert.deepEqual(types, ["reset", ...updates, "ready"]);
      await assertAgrees(client, user);
    },
  },
  {
    name: "a poll is held until a file changes, and the next one repeats nothing",
    async run(stage) {
      const user = await stage.user();
      const id = await user.insert({ progress: 1 });
      const client = stage.poller(user);
      await client.catchUp();
      for (const progress of [10, 20, 30]) {
        const answered = client.poll({ wait: 25 });
        await user.update(id, { progress });
        const { events, more } = await answered;
        assert.deepEqual(events.map(({ eventType }) => eventType).sort(), ["file-update", "ready"]);
        assert.equal(client.files.get(id)?.progress, progress);
        assert.equal(more, false);
      }
      await user.delete(id);
      await client.catchUp();
      const { events } = await client.poll();
      assert.deepEqual(events.map(({ eventType }) => eventType), ["ready"]);
      await assertAgrees(client, user);
    },
  },
  {
    name: "a poll is held as long as it says if nothing changes",
    async run(stage) {
      const user = await stage.user();
      const client = stage.poller(user);
      await client.catchUp();
      const began = performance.now();
      const { events } = await client.poll({ wait: 2 });
      assert.ok(performance.now() - began >= 2_000);
      assert.deepEqual(events.map(({ eventType }) => eventType), ["ready"]);
    },
  },
  {
    name: "a client that polls while files are written ends equal to the database",
    async run(stage) {
      const user = await stage.user();
      const client = stage.poller(user);
      const write = async () => {
        for (let n = 0; n < 20; n++) {
          const id = await user.insert({ progress: 0 });
          await user.update(id, { progress: 50 });
          if (n % 3 === 0) await user.delete(id);
        }
      };
      let isWriting = true;
      const writing = write().finally(() => isWriting = false);
      while (isWriting) await client.poll({ wait: 1 });
      await writing;
      await client.catchUp();
      await assertAgrees(client, user);
      assert.equal(
        client.answers.flatMap(({ events }) =>
          events.filter(({ eventType }) => eventType === "reset")
        ).length,
        1,
      );
    },
  },
  {
    name: "what a poll gets wrong is answered with JSON",
    async run(stage) {
      const headers = { Accept: "application/json" };
      const stranger = await stage.refusal(stage.anyone, { authorization: null, headers });
      assert.deepEqual([stranger.status, stranger.code], [401, "AUTH_REQUIRED"]);
      assert.match(stranger.headers.get("content-type")!, /^application\/json/);
      const wrong = await stage.refusal(stage.anyone, { headers, query: { wait: "26" } });
      assert.deepEqual([wrong.status, wrong.code], [400, "INVALID_PARAMETER"]);
      for (const { headers } of [stranger, wrong]) assert.match(headers.get("vary")!, /Accept/);
    },
  },
];
