import assert from "node:assert/strict";
import {
  parseFileDeletion,
  parseFileUpdate,
} from "../../supabase/functions/file-events/rows/parse_file_change.ts";
import { changesSince } from "../../local/postgres/changes_since.ts";
import { database, sessions } from "./both_databases.ts";
import { type Session, waitUntilBlocked } from "../../local/postgres/postgres_session.ts";
import { actAs, actAsOwner, createUser } from "../../local/postgres/supabase_database.ts";
import { takeMessages } from "./take_messages.ts";
import { add, addMany, scenarios } from "./broadcast_scenarios.ts";

/** Names that stand for ids of one test's own. */
async function newNames(session: Session): Promise<Record<string, string>> {
  await actAsOwner(session);
  return {
    alice: await createUser(session),
    bob: await createUser(session),
    a: crypto.randomUUID(),
    b: crypto.randomUUID(),
    c: crypto.randomUUID(),
  };
}

const withNames = (sql: string, names: Record<string, string>) =>
  sql.replaceAll(/(?<!:):([a-z]+)/g, (_, name) => `'${names[name]}'::uuid`);

for (const [product, session] of Object.entries(sessions)) {
  for (const [what, { before = "", as, write, sends }] of Object.entries(scenarios)) {
    Deno.test(`broadcast() of ${what} tells ${sends.join(", ") || "nobody"} (${product})`, async () => {
      const names = await newNames(session);
      const nameOf = (id: unknown) => Object.keys(names).find((name) => names[name] === id);
      await session.query(withNames(before, names));
      await takeMessages(session);
      await using _asOwner = { [Symbol.asyncDispose]: () => actAsOwner(session) };
      const cursors = new Map<string, string>();
      for (const owner of ["alice", "bob"]) {
        await actAs(session, names[owner]!);
        cursors.set(owner, (await changesSince(session, null, { snapshot: false })).cursor);
      }
      if (as !== "alice") await actAsOwner(session);
      else await actAs(session, names.alice!);
      if (as === "service_role") await session.query("set role service_role");
      await session.query(withNames(write, names));

      const messages = (await takeMessages(session)).map((message) => ({
        ...message,
        owner: nameOf(message.topic.match(/^files:(.+)$/)![1])!,
      }));
      const told = messages.map(({ owner, event, payload: { operation, file } }) =>
        event === "change" ? `${owner} ${operation} ${nameOf(file!.id)}` : `${owner} ${event}`
      );
      assert.deepEqual(told.toSorted(), sends.toSorted());

      for (const owner of ["alice", "bob"]) {
        await actAs(session, names[owner]!);
        const truth = await changesSince(session, cursors.get(owner)!, { snapshot: false });
        // Later statements of a transaction outdate what earlier ones sent.
        const newest = new Map(
          messages.filter((message) => message.owner === owner && message.event === "change")
            .map(({ payload }) => [payload.file!.id, payload]),
        );
        for (const [id, { operation, file }] of newest) {
          const [rows, parse] = operation === "update"
            ? [truth.files, parseFileUpdate]
            : [truth.deletions, parseFileDeletion];
          assert.ok(parse(file));
          assert.deepEqual(file, rows.find((row) => row.id === id));
        }
      }
    });
  }

  for (const count of [50, 51]) {
    Deno.test(`broadcast() sends ${count === 50 ? "each of 50 files" : "one hint of 51"} (${product})`, async () => {
      const names = await newNames(session);
      await session.query(withNames(addMany("alice", count), names));
      const messages = await takeMessages(session);
      const changed = new Set(messages.map(({ payload }) => payload.file?.id));
      assert.equal(changed.size, count === 50 ? 50 : 1);
      assert.ok(messages.every(({ event }) => event === (count === 50 ? "change" : "ping")));
      assert.equal(messages.length, changed.size);
    });
  }

  Deno.test(`broadcast() hints to a thousand owners at most (${product})`, async () => {
    await actAsOwner(session);
    await session.query(`
      insert into auth.users (id) select gen_random_uuid() from generate_series(1, 1200);
      insert into public.files (user_id, filename, file_type)
        select id, 'a', 'pdf' from auth.users;
    `);
    const messages = await takeMessages(session);
    assert.equal(messages.length, 1000);
    assert.equal(new Set(messages.map(({ topic }) => topic)).size, 1000);
    assert.ok(messages.every(({ event }) => event === "many"));
    await session.query("truncate public.files");
    assert.equal((await takeMessages(session)).length, 1000);
  });

  Deno.test(`broadcast() cuts long text, and stays far below Realtime's limits (${product})`, async () => {
    const names = await newNames(session);
    // A control character is the longest in JSON: six bytes.
    await session.query(withNames(
      `insert into public.files (id, user_id, filename, file_type, error_message)
        values (:a, :alice, repeat(chr(1), 100000), repeat(chr(1), 100000), repeat(chr(1), 100000)),
          (:b, :alice, repeat('🦊', 100000), 'pdf', repeat('🦊', 100000))`,
      names,
    ));
    const messages = await takeMessages(session);
    await actAs(session, names.alice!);
    const { files } = await changesSince(session, null);
    await actAsOwner(session);
    assert.equal(messages.length, 2);
    for (const { payload } of messages) {
      assert.ok(new TextEncoder().encode(JSON.stringify(payload)).length < 40_000);
      assert.deepEqual(payload.file, files.find(({ id }) => id === payload.file!.id));
      assert.ok(parseFileUpdate(payload.file));
    }
  });
}

Deno.test("broadcast() of an insert that waited for a delete of its id sends the row as it became", async () => {
  await using deleter = await database.connect();
  await using inserter = await database.connect();
  const names = await newNames(sessions.PostgreSQL);
  await sessions.PostgreSQL.query(withNames(add("alice", "a"), names));
  await takeMessages(sessions.PostgreSQL);
  await deleter.query(withNames("begin; delete from public.files where id = :a", names));
  const inserted = inserter.query(withNames(add("alice", "a"), names));
  await waitUntilBlocked(sessions.PostgreSQL, inserter);
  await deleter.query("commit");
  await inserted;
  const messages = await takeMessages(sessions.PostgreSQL);
  assert.deepEqual(messages.map(({ payload }) => payload.operation), ["delete", "update"]);
  const [gone, row] = messages.map(({ payload }) => payload.file!);
  assert.ok(Number(row!.revision) > Number(gone!.revision));
  const [stored] = await sessions.PostgreSQL.query<{ revision: string }>(
    "select revision::text from public.files where id = $1",
    [names.a],
  );
  assert.equal(String(row!.revision), stored!.revision);
});
