import assert from "node:assert/strict";
import {
  parseFileDeletion,
  parseFileUpdate,
} from "../../supabase/functions/file-events/database/file_change.ts";
import { changesSince } from "../catch_up.ts";
import { startPostgres } from "../postgres_server.ts";
import { type Session, waitUntilBlocked } from "../postgres_session.ts";
import { actAs, actAsOwner, createUser } from "../supabase_database.ts";
import {
  createBroadcastDatabase,
  openBroadcastPglite,
  takeMessages,
} from "./broadcast_database.ts";

const server = await startPostgres();
const database = await createBroadcastDatabase(server);
const pglite = await openBroadcastPglite();
const postgres = await database.connect();
Deno.test.afterAll(async () => {
  await Promise.all([postgres.close(), pglite.session.close()]);
  await database[Symbol.asyncDispose]();
  await server.stop();
});
const sessions = { PGlite: pglite.session, PostgreSQL: postgres };

/** `:alice`, `:bob` stand for new users, `:a` to `:c` for ids of files. */
interface Scenario {
  before?: string;
  as?: "alice" | "service_role";
  write: string;
  /** `<owner> update|delete <file>`, or `<owner> many`. */
  sends: string[];
}

const add = (owner: string, file: string) =>
  `insert into public.files (id, user_id, filename, file_type)
    values (:${file}, :${owner}, '${file}.pdf', 'pdf');`;
const addMany = (owner: string, count: number) =>
  `insert into public.files (user_id, filename, file_type)
    select :${owner}, i, 'pdf' from generate_series(1, ${count}) i;`;
const upsert = (progress: number) =>
  `insert into public.files (id, user_id, filename, file_type, progress)
    values (:a, :alice, 'a.pdf', 'pdf', ${progress})
    on conflict (id) do update set progress = excluded.progress`;
const merge = `merge into public.files f
  using (values (:a, 1), (:b, 2), (:c, 3)) as s (id, progress) on f.id = s.id
  when matched and s.progress = 1 then update set progress = 1
  when matched then delete
  when not matched then insert (id, user_id, filename, file_type)
    values (s.id, :alice, 'c.pdf', 'pdf')`;

const scenarios: Record<string, Scenario> = {
  "an insert": { write: add("alice", "a"), sends: ["alice update a"] },
  "an insert as its owner": {
    as: "alice",
    write: "insert into public.files (id, filename, file_type) values (:a, 'a.pdf', 'pdf')",
    sends: ["alice update a"],
  },
  "an update as its owner": {
    before: add("alice", "a"),
    as: "alice",
    write: `with pgrst_source as (
      update public.files set progress = 5 where id = :a returning *
    ) select count(*) from pgrst_source`,
    sends: ["alice update a"],
  },
  "a delete as its owner": {
    before: add("alice", "a") + add("bob", "b"),
    as: "alice",
    write: "delete from public.files where id in (:a, :b)",
    sends: ["alice delete a"],
  },
  "an update by service_role": {
    before: add("alice", "a"),
    as: "service_role",
    write: "update public.files set status = 'processing' where id = :a",
    sends: ["alice update a"],
  },
  "an update of somebody else's file": {
    before: add("bob", "b"),
    as: "alice",
    write: "update public.files set progress = 5 where id = :b",
    sends: [],
  },
  "an update that changes nothing": {
    before: add("alice", "a"),
    write: "update public.files set progress = progress where id = :a",
    sends: [],
  },
  "an update of a column that is not streamed": {
    before: add("alice", "a"),
    write: "update public.files set created_at = '2001-01-01', revision = 7 where id = :a",
    sends: [],
  },
  "an update of many rows that changes one": {
    before: addMany("bob", 60) + add("alice", "a"),
    write: `update public.files set progress = case id when :a then 5 else progress end
      where user_id in (:alice, :bob)`,
    sends: ["alice update a"],
  },
  "several rows of several owners": {
    before: add("alice", "a") + add("bob", "b"),
    write: "update public.files set progress = 5 where id in (:a, :b)",
    sends: ["alice update a", "bob update b"],
  },
  "a delete of nothing": { write: "delete from public.files where id = :a", sends: [] },
  "a change of owner": {
    before: add("alice", "a"),
    write: "update public.files set user_id = :bob where id = :a",
    sends: ["alice delete a", "bob update a"],
  },
  "a change of owner and back": {
    before: add("alice", "a"),
    write: `begin; update public.files set user_id = :bob where id = :a;
      update public.files set user_id = :alice where id = :a; commit`,
    sends: ["alice delete a", "bob update a", "bob delete a", "alice update a"],
  },
  "a change of id": {
    before: add("alice", "a"),
    write: "update public.files set id = :b where id = :a",
    sends: ["alice delete a", "alice update b"],
  },
  "a delete and an insert of one id in a transaction": {
    before: add("alice", "a"),
    write: `begin; delete from public.files where id = :a; ${add("bob", "a")} commit`,
    sends: ["alice delete a", "bob update a"],
  },
  "a delete and an insert of one id in a statement": {
    before: add("alice", "a"),
    write: `with gone as (delete from public.files where id = :a returning *)
      insert into public.files (id, user_id, filename, file_type)
      select id, user_id, 'b.pdf', 'pdf' from gone`,
    sends: ["alice update a", "alice update a"],
  },
  "an upsert that inserts": { write: upsert(5), sends: ["alice update a"] },
  "an upsert that updates": {
    before: add("alice", "a"),
    write: upsert(5),
    sends: ["alice update a"],
  },
  "an upsert that changes nothing": { before: add("alice", "a"), write: upsert(0), sends: [] },
  "a merge": {
    before: add("alice", "a") + add("alice", "b"),
    write: merge,
    sends: ["alice delete b", "alice update a", "alice update c"],
  },
  "an insert that stamps its row twice": {
    write: `begin isolation level repeatable read; ${add("alice", "a")} commit`,
    sends: ["alice update a"],
  },
  "many rows that stamp themselves twice": {
    write: `begin isolation level repeatable read; ${addMany("alice", 60)} commit`,
    sends: ["alice many"],
  },
  "a rollback": {
    before: add("alice", "a"),
    write: "begin; update public.files set progress = 5 where id = :a; rollback",
    sends: [],
  },
  "a rollback to a savepoint": {
    before: add("alice", "a") + add("alice", "b"),
    write: `begin; update public.files set progress = 5 where id = :a; savepoint s;
      update public.files set progress = 5 where id = :b; rollback to s; commit`,
    sends: ["alice update a"],
  },
  "the end of an account": {
    before: add("alice", "a") + add("alice", "b") + add("bob", "c"),
    write: "delete from auth.users where id = :alice",
    sends: ["alice delete a", "alice delete b"],
  },
  "the end of several accounts": {
    before: addMany("alice", 30) + addMany("bob", 30),
    write: "delete from auth.users where id in (:alice, :bob)",
    sends: ["alice many", "bob many"],
  },
  "51 inserts": { write: addMany("alice", 51), sends: ["alice many"] },
  "an update of 51 rows": {
    before: addMany("alice", 30) + addMany("bob", 21),
    write: "update public.files set progress = 5 where user_id in (:alice, :bob)",
    sends: ["alice many", "bob many"],
  },
  "an update of 51 rows of one owner, none of another's": {
    before: addMany("alice", 51) + addMany("bob", 51),
    write: `update public.files set progress = case user_id when :alice then 5 else progress end
      where user_id in (:alice, :bob)`,
    sends: ["alice many"],
  },
  "51 deletes": {
    before: addMany("alice", 51),
    write: "delete from public.files where user_id = :alice",
    sends: ["alice many"],
  },
  "51 changes of owner": {
    before: addMany("alice", 51),
    write: "update public.files set user_id = :bob where user_id = :alice",
    sends: ["alice many", "bob many"],
  },
  "a truncate": {
    before: "delete from public.files;" + add("alice", "a") + add("bob", "b"),
    write: "truncate public.files",
    sends: ["alice many", "bob many"],
  },
};

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
        event === "many" ? `${owner} many` : `${owner} ${operation} ${nameOf(file!.id)}`
      );
      assert.deepEqual(told.toSorted(), sends.toSorted());

      for (const owner of ["alice", "bob"]) {
        await actAs(session, names[owner]!);
        const truth = await changesSince(session, cursors.get(owner)!);
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
      assert.ok(messages.every(({ event }) => event === (count === 50 ? "change" : "many")));
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
  const names = await newNames(postgres);
  await postgres.query(withNames(add("alice", "a"), names));
  await takeMessages(postgres);
  await deleter.query(withNames("begin; delete from public.files where id = :a", names));
  const inserted = inserter.query(withNames(add("alice", "a"), names));
  await waitUntilBlocked(postgres, inserter);
  await deleter.query("commit");
  await inserted;
  const messages = await takeMessages(postgres);
  assert.deepEqual(messages.map(({ payload }) => payload.operation), ["delete", "update"]);
  const [gone, row] = messages.map(({ payload }) => payload.file!);
  assert.ok(Number(row!.revision) > Number(gone!.revision));
  const [stored] = await postgres.query<{ revision: string }>(
    "select revision::text from public.files where id = $1",
    [names.a],
  );
  assert.equal(String(row!.revision), stored!.revision);
});
