import assert from "node:assert/strict";
import { startPostgres } from "../../local/postgres/postgres_server.ts";
import {
  createSupabaseDatabase,
  createUser,
  migrations,
  readSql,
} from "../../local/postgres/supabase_database.ts";
import { takeMessages } from "./take_messages.ts";

const [filesTable, changeTracking, broadcast] = migrations as [string, string, string];
const operations = await readSql("../docs/operations.md");

Deno.test("operations.md knows the way on if realtime.messages belongs to another role", async () => {
  await using server = await startPostgres();
  await using database = await createSupabaseDatabase(server, []);
  await using session = await database.connect();
  // Roles belong to the server, which may be one that others use.
  const suffix = crypto.randomUUID().slice(0, 8);
  const [applier, realtimeOwner] = [`applier_${suffix}`, `realtime_${suffix}`];
  await session.query(`
    create role ${applier} bypassrls; -- as Supabase's postgres has it
    create role ${realtimeOwner};
    alter table realtime.messages owner to ${realtimeOwner};
    grant usage on schema realtime, auth to ${applier};
    grant usage on schema realtime to ${realtimeOwner};
    grant all on all tables in schema realtime, auth to ${applier};
    grant all on all sequences in schema realtime to ${applier};
    grant create on schema public to ${applier};
    do $$ begin execute format('grant create on database %I to ${applier}', current_database()); end $$;
  `);
  const userId = await createUser(session);
  const apply = async (migration: string) => {
    await session.query(`set role ${applier}`);
    try {
      await session.query(await readSql(migration));
    } finally {
      await session.query("reset role");
    }
  };
  await apply(filesTable);
  await apply(changeTracking);
  await assert.rejects(apply(broadcast), /must be owner of (table|relation) messages/);

  const [lend, takeBack] = [...operations.matchAll(/^```sql\n([^]*?)^```/gm)].map(([, sql]) =>
    sql!.replace("supabase_realtime_admin", realtimeOwner).replace("postgres", applier)
  );
  await session.query(lend!);
  await apply(broadcast);
  await session.query(takeBack!);
  await assert.rejects(apply(broadcast), /must be owner of (table|relation) messages/);

  await session.query(
    `set role ${applier};
     insert into public.files (user_id, filename, file_type) values ('${userId}', 'a', 'pdf');
     reset role`,
  );
  assert.equal((await takeMessages(session)).length, 1);
});
