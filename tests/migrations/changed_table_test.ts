import assert from "node:assert/strict";
import type { Session } from "../../local/postgres/postgres_session.ts";
import { readSql } from "../../local/postgres/supabase_database.ts";
import { setStage } from "./stage.ts";
import { takeMessages } from "./take_messages.ts";

/** A database with a user, two files, and a session that has written before. */
async function setWrittenStage() {
  const stage = await setStage();
  const { database, user } = stage;
  const warnings: string[] = [];
  const connect = async () => {
    const session = await database.connect({ onNotice: (message) => warnings.push(message) });
    await session.query("set client_min_messages = log");
    return session;
  };
  const open = await connect();
  await add(open, user, "a");
  await add(open, user, "b");
  // Six times: then the session keeps its plans.
  for (let run = 0; run < 6; run++) {
    await open.query("update public.files set progress = progress + 1 where filename = 'a'");
  }
  return { ...stage, open, connect, warnings };
}

const add = (session: Session, user: string, filename: string) =>
  session.query(
    `insert into public.files (user_id, filename, file_type) values ('${user}', '${filename}', 'pdf')`,
  );

const streamed = [
  "filename",
  "file_type",
  "status",
  "progress",
  "processing_stage",
  "error_message",
];

for (
  const [change, sql] of [
    ...streamed.flatMap((column) => [
      [`${column} is renamed`, `alter table public.files rename column ${column} to renamed`],
      [`${column} is dropped`, `alter table public.files drop column ${column} cascade`],
    ]),
    ["user_id is renamed", "alter table public.files rename column user_id to owner"],
    ["id is renamed", "alter table public.files rename column id to renamed"],
    ["revision is dropped", "alter table public.files drop column revision cascade"],
    ["changed_in is dropped", "alter table public.files drop column changed_in cascade"],
    ["progress becomes numeric", "alter table public.files alter column progress type numeric"],
    [
      "status becomes json",
      `alter table public.files drop constraint files_status_known, alter status drop default,
        alter status type json using to_json(status)`,
    ],
    ["revision becomes text", "alter table public.files alter column revision type text"],
    ["file_deletions is dropped", "drop table public.file_deletions"],
    [
      "file_deletions refuses rows",
      "alter table public.file_deletions add check (id is null) not valid",
    ],
    ["the sequence is dropped", "drop sequence file_events.revisions cascade"],
    ["the state is dropped", "drop table file_events.state"],
  ] as [string, string][]
) {
  Deno.test(`every write goes through after ${change}, with at most a warning of each kind`, async () => {
    await using stage = await setWrittenStage();
    const { owner, open, user, warnings, connect } = stage;
    await owner.query(sql);
    await using fresh = await connect();
    const columns = (await owner.query<{ name: string }>(
      `select attname as name from pg_attribute
      where attrelid = 'public.files'::regclass and attnum > 0 and not attisdropped`,
    )).map(({ name }) => name);
    const of = (name: string, then: string) => columns.includes(name) ? name : then;
    const [id, userId] = [of("id", "renamed"), of("user_id", "owner")];
    const values: Record<string, string> = {
      [userId]: `'${user}'`,
      filename: "'new'",
      file_type: "'pdf'",
    };
    if (sql.includes("rename column f")) values.renamed = "'new'";
    const given = Object.keys(values).filter((name) => columns.includes(name));
    for (const session of [open, fresh]) {
      warnings.length = 0;
      await session.query("begin");
      for (let row = 0; row < 3; row++) {
        const [added] = await session.query<{ id: string }>(
          `insert into public.files (${given}${sql.includes("json") ? ", status" : ""})
          values (${given.map((name) => values[name])}${
            sql.includes("json") ? `, '"pending"'` : ""
          })
          returning ${id} as id`,
        );
        await session.query("update public.files set updated_at = now() where true");
        const mark = of("filename", "file_type");
        await session.query(`update public.files set ${mark} = 'changed' where true`);
        const [row] = await session.query<{ id: string }>(
          `update public.files set ${id} = gen_random_uuid() where ${id} = '${
            added!.id
          }' returning ${id} as id`,
        );
        await session.query(`delete from public.files where ${id} = '${row!.id}'`);
      }
      await session.query("commit");
      const kinds = warnings.filter((text) => text.startsWith("file-events: "))
        .map((text) => text.split(":")[1]).filter((kind) => !kind!.includes("no live changes"));
      assert.deepEqual(kinds, [...new Set(kinds)]);
    }
    await fresh.query("truncate public.files");
    const [left] = await owner.query("select from public.files limit 1");
    assert.equal(left, undefined);
  });
}

Deno.test("a tombstone that can't be written is made up for by a new epoch", async () => {
  await using stage = await setWrittenStage();
  const { owner, open, client } = stage;
  await client.catchUp();
  await owner.query("alter table public.file_deletions add check (id is null) not valid");
  await open.query("delete from public.files where filename = 'a'");
  await client.catchUp();
  assert.equal(client.resets, 2);
  assert.deepEqual([...client.files.values()].map(({ filename }) => filename), ["b"]);
});

Deno.test("a column without an equality is compared: the same json keeps the revision", async () => {
  await using stage = await setWrittenStage();
  const { owner, warnings } = stage;
  await owner.query(
    "alter table public.files alter error_message type json using to_json(error_message)",
  );
  await using session = await stage.connect();
  const revision = async (message: string) => {
    const [row] = await session.query<{ revision: string }>(
      `update public.files set error_message = '${message}' where filename = 'a'
      returning revision::text`,
    );
    return row!.revision;
  };
  warnings.length = 0;
  const first = await revision(`{"code": 1}`);
  assert.equal(await revision(`{"code": 1}`), first);
  assert.notEqual(await revision(`{"code": 2}`), first);
  assert.deepEqual(warnings, []);
});

Deno.test("a session that was open when a column got another type goes on being tracked", async () => {
  await using stage = await setWrittenStage();
  const { owner, open, client, warnings } = stage;
  await client.catchUp();
  await owner.query("alter table public.files alter column progress type numeric");
  warnings.length = 0;
  await open.query("update public.files set progress = 55 where filename = 'a'");
  await open.query("delete from public.files where filename = 'b'");
  assert.ok(warnings.length > 0);
  assert.ok(warnings.every((text) => text.startsWith("file-events: cannot compare rows")));
  await client.catchUp();
  assert.deepEqual(client.progress, { a: 55 });
});

Deno.test("a streamed column is changed by removing, changing and adding file-events", async () => {
  await using stage = await setWrittenStage();
  const { owner, open, user, client } = stage;
  await owner.query(await readSql("scripts/remove_file_events.sql"));
  await owner.query("alter table public.files alter column progress type numeric");
  await owner.query(await readSql("migrations/20261123000100_file_events.sql"));
  await owner.query(await readSql("migrations/20261123000200_file_events_broadcast.sql"));
  await add(open, user, "c");
  await open.query("update public.files set progress = 12.5 where filename = 'c'");
  await client.catchUp();
  assert.deepEqual(client.progress, { a: 6, b: 0, c: 12.5 });
});

for (
  const [what, type, value, carried] of [
    ["NaN", "double precision", "'NaN'", "NaN"],
    ["Infinity", "double precision", "'Infinity'", "Infinity"],
    ["text", "text", "'half'", "half"],
    ["nothing", "integer", "null", null],
  ] as const
) {
  Deno.test(`broadcast() sends a row whose progress is ${what}`, async () => {
    await using stage = await setWrittenStage();
    const { owner, connect, user, warnings } = stage;
    await owner.query(`
      alter table public.files drop constraint files_progress_percent,
        alter progress drop not null, alter progress drop default;
      alter table public.files alter progress type ${type} using progress::${type};
    `);
    await takeMessages(owner);
    await using session = await connect();
    warnings.length = 0;
    await session.query(`update public.files set progress = ${value} where filename = 'a'`);
    assert.deepEqual(warnings, []);
    const [message, ...more] = await takeMessages(owner);
    assert.deepEqual(more, []);
    assert.equal(message!.topic, `files:${user}`);
    assert.equal(message!.payload.file!.progress, carried);
  });
}

Deno.test("broadcast() tells of set revision = null at once, and of the time a file was created", async () => {
  await using stage = await setWrittenStage();
  const { owner, open } = stage;
  await takeMessages(owner);
  const [row] = await open.query<{ at: string; revision: string }>(
    `update public.files set revision = null where filename = 'a'
    returning to_jsonb(created_at) as at, revision::text`,
  );
  const [message, ...more] = await takeMessages(owner);
  assert.deepEqual(more, []);
  assert.equal(message!.payload.file!.created_at, row!.at);
  assert.equal(String(message!.payload.file!.revision), row!.revision);
});
