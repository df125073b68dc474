import assert from "node:assert/strict";
import { sessions } from "./both_databases.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";
import { actAs, actAsOwner, createUser } from "../../local/postgres/supabase_database.ts";
import { takeMessages } from "./take_messages.ts";

interface Caller {
  role: string;
  sub?: string;
}

/** What a join asks the policies, the way Realtime does: with a message that is never committed. */
async function rightsOf(
  session: Session,
  { role, sub = "" }: Caller,
  { topic, extension = "broadcast", setting = topic }: {
    topic: string;
    extension?: string;
    /** What realtime.topic() says. */
    setting?: string;
  },
): Promise<string> {
  await session.query("begin");
  try {
    const insert = `insert into realtime.messages (topic, extension) values ($1, $2)`;
    const [message] = await session.query<{ id: string }>(`${insert} returning id`, [
      topic,
      extension,
    ]);
    await session.query(
      `select set_config('realtime.topic', $1, true), set_config('request.jwt.claim.sub', $2, true),
        set_config('request.jwt.claims', $3, true), set_config('role', $4, true)`,
      [setting, sub, JSON.stringify({ sub, role }), role],
    );
    const found = await session.query("select from realtime.messages where id = $1", [message!.id]);
    const mayRead = found.length > 0;
    const mayWrite = await session.query(insert, [topic, extension]).then(() => true, refused);
    return [mayRead ? "read" : "", mayWrite ? "write" : ""].join("") || "none";
  } finally {
    await session.query("rollback");
  }
}

function refused(error: { code?: string }): false {
  assert.equal(error.code, "42501");
  return false;
}

const openPolicies = ["select", "insert", "update", "delete"].map((command) =>
  `create policy "open ${command}" on realtime.messages for ${command} to public ${
    command === "insert" ? "" : "using (true)"
  } ${command === "insert" || command === "update" ? "with check (true)" : ""};`
).join("\n");
const closePolicies = ["select", "insert", "update", "delete"].map((command) =>
  `drop policy "open ${command}" on realtime.messages;`
).join("\n");

for (const [product, session] of Object.entries(sessions)) {
  await session.query(`
    do $$ begin
      if not exists (select from pg_roles where rolname = 'editor') then
        create role editor nologin noinherit;
      end if;
    end $$;
    grant usage on schema realtime to editor;
    grant select, insert, update, delete on realtime.messages to editor, authenticated, anon;
  `);
  const [own, other] = [await createUser(session), await createUser(session)];
  const callers: Record<string, Caller> = {
    owner: { role: "authenticated", sub: own },
    "another user": { role: "authenticated", sub: other },
    "an authenticated caller without an id": { role: "authenticated" },
    anon: { role: "anon" },
    "a role of the project's own": { role: "editor", sub: other },
  };

  for (const isOpen of [false, true]) {
    const where = isOpen ? "among permissive policies" : "alone";

    Deno.test(`policies on realtime.messages ${where} let only the owner listen, and nobody speak (${product})`, async () => {
      await using _closed = await open(session, isOpen);
      for (const [who, caller] of Object.entries(callers)) {
        for (const extension of ["broadcast", "presence"]) {
          const reads = who === "owner" && (isOpen || extension === "broadcast");
          assert.equal(
            await rightsOf(session, caller, { topic: `files:${own}`, extension }),
            reads ? "read" : "none",
            `${who}, ${extension}`,
          );
        }
      }
    });

    for (
      const topic of [
        "files:",
        "files:%",
        `files:${own}x`,
        `files:${own} `,
        `files:${own}:${own}`,
        `files: ${own}`,
        `files:${own.toUpperCase()}`,
        "files:\n",
      ]
    ) {
      Deno.test(`policies on realtime.messages ${where} give ${JSON.stringify(topic.replaceAll(own, "<id>"))} to nobody (${product})`, async () => {
        await using _closed = await open(session, isOpen);
        for (const [who, caller] of Object.entries(callers)) {
          assert.equal(await rightsOf(session, caller, { topic }), "none", who);
        }
      });
    }

    for (const topic of ["room:1", `FILES:${own}`, `file:${own}`, `my-files:${own}`, "files", ""]) {
      Deno.test(`policies on realtime.messages ${where} leave ${JSON.stringify(topic.replaceAll(own, "<id>"))} as it was (${product})`, async () => {
        await using _closed = await open(session, isOpen);
        for (const [who, caller] of Object.entries(callers)) {
          for (const extension of ["broadcast", "presence"]) {
            assert.equal(
              await rightsOf(session, caller, { topic, extension }),
              isOpen ? "readwrite" : "none",
              who,
            );
          }
        }
      });
    }
  }

  Deno.test(`policies on realtime.messages leave other topics to the project's own policies (${product})`, async () => {
    await session.query(`
      create policy "room 1" on realtime.messages for select to authenticated
        using (realtime.topic() = 'room:1');
    `);
    const member = callers.owner!;
    assert.equal(await rightsOf(session, member, { topic: "room:1" }), "read");
    assert.equal(await rightsOf(session, member, { topic: "room:2" }), "none");
    assert.equal(await rightsOf(session, callers.anon!, { topic: "room:1" }), "none");
    await session.query(`drop policy "room 1" on realtime.messages`);
  });

  Deno.test(`policies on realtime.messages go by a message's topic, not by a setting (${product})`, async () => {
    await using _closed = await open(session, true);
    const caller = callers["another user"]!;
    const foreign = `files:${own}`;
    for (const setting of ["", "room:1", `files:${other}`]) {
      assert.equal(await rightsOf(session, caller, { topic: foreign, setting }), "none");
    }
    // realtime.send leaves the setting behind for the rest of a transaction.
    assert.equal(
      await rightsOf(session, caller, { topic: "room:1", setting: foreign }),
      "readwrite",
    );
  });

  Deno.test(`policies on realtime.messages let nobody change, move or remove a message about files (${product})`, async () => {
    await using _closed = await open(session, true);
    await session.query(
      "insert into realtime.messages (topic, extension) values ($1, 'broadcast'), ('room:1', 'broadcast')",
      [`files:${own}`],
    );
    await actAs(session, other);
    const changed = await session.query(
      "update realtime.messages set event = 'x' where topic <> 'room:1' returning 1",
    );
    const removed = await session.query(
      "delete from realtime.messages where topic <> 'room:1' returning 1",
    );
    assert.equal(changed.length + removed.length, 0);
    await assert.rejects(
      session.query(`update realtime.messages set topic = 'files:${own}' where topic = 'room:1'`),
      /row-level security/,
    );
    await actAs(session, own);
    await assert.rejects(
      session.query(`update realtime.messages set event = 'x' where topic = 'files:${own}'`),
      /row-level security/,
    );
    await actAsOwner(session);
    await session.query("delete from realtime.messages");
  });

  Deno.test(`realtime.send() by a user says nothing to a topic of files (${product})`, async () => {
    await using _closed = await open(session, true);
    await takeMessages(session);
    await actAs(session, own);
    for (const topic of [`files:${own}`, `files:${other}`, "room:1"]) {
      await session.query("select realtime.send('{}', 'change', $1, true)", [topic]);
    }
    assert.deepEqual((await takeMessages(session)).map(({ topic }) => topic), ["room:1"]);
  });
}

/** Adds the permissive policies that many projects have, and takes them away again. */
async function open(session: Session, isOpen: boolean): Promise<AsyncDisposable> {
  if (isOpen) await session.query(openPolicies);
  return {
    [Symbol.asyncDispose]: async () => {
      await actAsOwner(session);
      if (isOpen) await session.query(closePolicies);
    },
  };
}
