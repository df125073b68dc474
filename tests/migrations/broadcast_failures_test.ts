import assert from "node:assert/strict";
import { CatchUpClient } from "./catch_up_client.ts";
import { openPglite } from "./pglite_database.ts";
import { server } from "../support/test_server.ts";
import {
  actAs,
  actAsOwner,
  createSupabaseDatabase,
  createUser,
} from "../../local/postgres/supabase_database.ts";
import { takeMessages } from "./take_messages.ts";

/** Realtime's own table is partitioned by day; the stand-in's is not. */
const partitionByDay = `
  alter table realtime.messages rename to messages_unpartitioned;
  create table realtime.messages (like realtime.messages_unpartitioned including defaults)
    partition by range (inserted_at);
  alter table realtime.messages enable row level security;
  create trigger enqueue_broadcast after insert on realtime.messages
    for each row execute function realtime.enqueue_broadcast();
`;
const partitionOfToday = `
  create table realtime.messages_today partition of realtime.messages
    for values from ('2000-01-01') to ('2100-01-01');
`;
/** What `postgres` is on a Supabase project: no superuser, but above row level security. */
const actAsProjectOwner = (rights: string) => `
  do $$ begin
    if not exists (select from pg_roles where rolname = 'project_owner') then
      create role project_owner nologin bypassrls;
    end if;
  end $$;
  grant usage, create on schema file_events to project_owner;
  grant select on public.files, public.file_deletions, file_events.state to project_owner;
  ${rights}
  alter function file_events.broadcast() owner to project_owner;
`;
const realtimeRights = `
  grant usage on schema realtime to project_owner;
  grant select, insert, update on realtime.messages to project_owner;
`;
const sendThat = (statement: string) => `
  create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)
  returns void language plpgsql as $$ begin ${statement}; end $$;
`;

for (
  const [what, sabotage] of [
    ["realtime.send is missing", "drop function realtime.send(jsonb, text, text, boolean)"],
    ["the schema realtime is gone", "drop schema realtime cascade"],
    ["realtime.messages is gone", "drop table realtime.messages cascade"],
    ["there is no partition for the day", partitionByDay],
    [
      "realtime.messages refuses the message",
      "alter table realtime.messages add check (event is null)",
    ],
    ["realtime.send raises", sendThat("raise exception 'out of order'")],
    ["realtime.send raises halfway", sendThat("create table realtime.halfway (); perform 1 / 0")],
    ["its owner may not use the schema realtime", actAsProjectOwner("")],
    [
      "its owner may not execute realtime.send",
      actAsProjectOwner(`${realtimeRights}
        revoke execute on function realtime.send(jsonb, text, text, boolean) from public;`),
    ],
    [
      "its owner may not write to realtime.messages",
      actAsProjectOwner("grant usage on schema realtime to project_owner;"),
    ],
  ] as const
) {
  Deno.test(`broadcast() lets every write through when ${what}`, async () => {
    await using database = await createSupabaseDatabase(server);
    await using owner = await database.connect();
    const user = await createUser(owner);
    await using reader = await database.connectAs(user);
    const client = new CatchUpClient(reader);
    await client.catchUp();
    await owner.query(sabotage);

    await using writer = await database.connectAs(user);
    const add = (name: string) =>
      writer.query("insert into public.files (filename, file_type) values ($1, 'pdf')", [name]);
    await add("a");
    await add("b");
    await writer.query("update public.files set progress = 5 where filename = 'a'");
    await writer.query("delete from public.files where filename = 'b'");
    await client.catchUp();
    assert.deepEqual(client.progress, { a: 5 });
    await writer.query(
      "insert into public.files (filename, file_type) select i, 'pdf' from generate_series(1, 60) i",
    );
    await client.catchUp();
    assert.equal(client.files.size, 61);
    await owner.query("truncate public.files");
    await client.catchUp();
    assert.equal(client.files.size, 0);
  });
}

Deno.test("broadcast() warns of what it could not send, once a statement", async () => {
  await using database = await createSupabaseDatabase(server);
  const notices: string[] = [];
  await using owner = await database.connect({ onNotice: (message) => notices.push(message) });
  const user = await createUser(owner);
  await owner.query(sendThat("raise exception 'out of order'"));
  notices.length = 0;
  await owner.query(
    "insert into public.files (user_id, filename, file_type) select $1, i, 'pdf' from generate_series(1, 3) i",
    [user],
  );
  assert.deepEqual(notices, ["file-events: no live changes sent: out of order"]);
});

Deno.test("broadcast() does not warn at every write of a Realtime that is gone", async () => {
  await using database = await createSupabaseDatabase(server);
  const notices: string[] = [];
  await using owner = await database.connect({ onNotice: (message) => notices.push(message) });
  const user = await createUser(owner);
  await owner.query("drop schema realtime cascade");
  notices.length = 0;
  await owner.query(
    "insert into public.files (user_id, filename, file_type) values ($1, 'a', 'pdf')",
    [user],
  );
  assert.deepEqual(notices, []);
});

Deno.test("broadcast() sends with the rights that a Supabase project's postgres has, to a table by day", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  await owner.query(partitionByDay + partitionOfToday + actAsProjectOwner(realtimeRights));
  const user = await createUser(owner);
  await using writer = await database.connectAs(user);
  await writer.query("insert into public.files (filename, file_type) values ('a', 'pdf')");
  await writer.query("delete from public.files where filename = 'a'");
  assert.deepEqual(
    (await takeMessages(owner)).map(({ payload }) => payload.operation),
    ["update", "delete"],
  );
});

Deno.test("broadcast() lets every write through when realtime.send fails (PGlite)", async () => {
  await using pglite = await openPglite();
  const { session } = pglite;
  const user = await createUser(session);
  await session.query(sendThat("raise exception 'out of order'"));
  await actAs(session, user);
  await session.query("insert into public.files (filename, file_type) values ('a', 'pdf')");
  await session.query("update public.files set progress = 5 where filename = 'a'");
  const client = new CatchUpClient(session);
  await client.catchUp();
  assert.deepEqual(client.progress, { a: 5 });
  assert.deepEqual(await takeMessages(session), []);
  await actAsOwner(session);
});
