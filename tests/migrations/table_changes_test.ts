import assert from "node:assert/strict";
import { CatchUpClient, changesSince } from "../database/catch_up.ts";
import { startPostgres } from "../database/postgres_server.ts";
import {
  createSupabaseDatabase,
  createUser,
  migrations,
  readSql,
} from "../database/supabase_database.ts";

// What a table's owner does to it, before and after it is tracked.

const server = await startPostgres();
Deno.test.afterAll(() => server.stop());

const fileEvents = migrations[1]!;
const COLUMNS = [
  "id",
  "user_id",
  "filename",
  "file_type",
  "status",
  "progress",
  "processing_stage",
  "error_message",
  "revision",
  "changed_in",
];

/** A tracked database with two files of a user. */
async function createTracked() {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createSupabaseDatabase(server));
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  const owner = stack.use(await database.connect({ onNotice }));
  const user = await createUser(owner);
  await owner.query(
    "insert into public.files (user_id, filename, file_type) values ($1, 'a', 'pdf'), ($1, 'b', 'pdf')",
    [user],
  );
  const resources = stack.move();
  return {
    database,
    owner,
    user,
    notices,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

for (const column of COLUMNS) {
  for (
    const change of [`drop column ${column} cascade`, `rename column ${column} to ${column}_2`]
  ) {
    Deno.test(`triggers let every write through after \`${change}\``, async () => {
      await using tracked = await createTracked();
      const { owner, notices } = tracked;
      await owner.query(
        `alter table public.files add note text; alter table public.files ${change}`,
      );
      const required = ["user_id", "filename", "file_type"].map((name) =>
        name !== column ? name : change.startsWith("drop") ? null : `${name}_2`
      ).filter((name) => name !== null);
      const values: Record<string, string> = { u: `'${tracked.user}'`, f: "'c'" };
      const list = required.map((name) => values[name[0]!] ?? "'c'").join();
      notices.length = 0;
      await owner.query(`begin;
        insert into public.files (${required}) values (${list}), (${list});
        update public.files set note = 'x' where true;
        update public.files set note = 'y' where true;
        delete from public.files where true;
        commit;
        truncate public.files`);
      for (const notice of new Set(notices)) {
        const count = notices.filter((it) => it === notice).length;
        assert.ok(count <= 2, `${count} times in two transactions: ${notice}`);
      }
    });
  }
}

Deno.test("triggers let writes of open sessions through after a column has another type", async () => {
  await using tracked = await createTracked();
  const { database, owner, user } = tracked;
  await using writer = await database.connect();
  await using reader = await database.connectAs(user);
  const client = new CatchUpClient(reader);
  const work = (progress: number) =>
    writer.query(`update public.files set progress = ${progress} where filename = 'a'`);
  for (let n = 1; n <= 6; n++) await work(n);
  await client.catchUp();
  await owner.query("alter table public.files alter column progress type numeric");
  await work(50);
  await client.catchUp();
  assert.equal(client.progress.a, 50);
});

Deno.test("a row that can't be compared by = is tracked all the same: json", async () => {
  await using database = await createSupabaseDatabase(server, []);
  await using owner = await database.connect();
  await owner.query(`create table public.files (id uuid primary key default gen_random_uuid(),
    user_id uuid, filename json, file_type text, status text, progress int, processing_stage text,
    error_message text, note text)`);
  await owner.query(await readSql(fileEvents));
  const user = await createUser(owner);
  const revision = async (sql: string) => {
    await owner.query(sql);
    const [row] = await owner.query<{ revision: number }>(
      "select revision::int from public.files",
    );
    return row!.revision;
  };
  const first = await revision(
    `insert into public.files (user_id, filename) values ('${user}', '{"a": 1}')`,
  );
  assert.equal(await revision("update public.files set note = 'x'"), first);
  assert.ok(await revision(`update public.files set filename = '{"a": 2}'`) > first);
});

Deno.test("a tombstone that can't be written renews the epoch, and the delete goes through", async () => {
  await using tracked = await createTracked();
  const { database, owner, user } = tracked;
  await using reader = await database.connectAs(user);
  const client = new CatchUpClient(reader);
  await client.catchUp();
  await owner.query("alter table public.file_deletions add check (id is null) not valid");
  await owner.query("delete from public.files where filename = 'a'");
  await client.catchUp();
  assert.deepEqual(client.progress, { b: 0 });
  assert.equal(client.resets, 2);
});

const REFUSED: Record<string, [string, RegExp]> = {
  "a generated column": [
    `create table public.files (id uuid primary key, user_id uuid, name text,
      filename text generated always as (upper(name)) stored, file_type text, status text,
      progress int, processing_stage text, error_message text)`,
    /cannot stream public\.files, which generates: filename/,
  ],
  "inheritance children": [
    `create table public.files (id uuid primary key, user_id uuid, filename text, file_type text,
      status text, progress int, processing_stage text, error_message text);
    create table public.scans () inherits (public.files)`,
    /cannot stream public\.files: other tables inherit from it/,
  ],
  "a view": [
    `create view public.files as select gen_random_uuid() as id, gen_random_uuid() as user_id,
      'a' as filename, 'b' as file_type, 'c' as status, 1 as progress, 'd' as processing_stage,
      'e' as error_message`,
    /cannot stream public\.files: it is not a table/,
  ],
};

for (const [what, [sql, message]] of Object.entries(REFUSED)) {
  Deno.test(`…_file_events.sql refuses ${what} in one sentence`, async () => {
    await using database = await createSupabaseDatabase(server, []);
    await using owner = await database.connect();
    await owner.query(sql);
    await assert.rejects(owner.query(await readSql(fileEvents)), message);
  });
}

/** The statements of a script: `psql` and the SQL editor may run each in a transaction of its own. */
function statementsOf(script: string): string[] {
  return script.match(/(?:\$\$[^]*?\$\$|--.*|'[^']*'|[^;])+;/g)!;
}

Deno.test("…_file_events.sql applied again never sets revisions back while somebody writes", async () => {
  await using tracked = await createTracked();
  const { database, owner } = tracked;
  await using writer = await database.connect();
  const statements = statementsOf(await readSql(fileEvents));
  let applied = false;
  let last = 0;
  const writing = (async () => {
    while (!applied) {
      const [row] = await writer.query<{ revision: number }>(
        `update public.files set progress = (progress + 1) % 100 where filename = 'a'
        returning revision::int`,
      );
      assert.ok(row!.revision > last, `${row!.revision} after ${last}`);
      last = row!.revision;
    }
  })();
  for (let n = 0; n < 5; n++) {
    for (const statement of statements) await owner.query(statement);
  }
  applied = true;
  await writing;
  assert.ok(last > 10, `wrote ${last} times`);
});

Deno.test("file_events.raise_sequence() waits for who writes", async () => {
  await using tracked = await createTracked();
  const { database, owner } = tracked;
  await using writer = await database.connect();
  await writer.query("begin; update public.files set progress = 1 where filename = 'a'");
  await owner.query("set lock_timeout = '50ms'");
  const raise = "select file_events.raise_sequence()";
  await assert.rejects(owner.query(raise), /lock timeout/);
  await writer.query("commit");
  await owner.query(raise);
});

Deno.test("file_changes_since() works for clients that are granted columns one by one", async () => {
  await using tracked = await createTracked();
  const { database, owner, user } = tracked;
  await owner.query(`revoke select on public.files from authenticated;
    grant select (id, user_id, filename, file_type, status, progress, processing_stage,
      error_message, created_at) on public.files to authenticated`);
  await owner.query(await readSql(fileEvents));
  await using reader = await database.connectAs(user);
  assert.equal((await changesSince(reader, null)).files.length, 2);
});

Deno.test("a dump of data alone loads into a database that has the migrations", async () => {
  await using tracked = await createTracked();
  const { owner } = tracked;
  const before = await owner.query("select epoch::text from file_events.state");
  await owner.query(`set session_replication_role = replica;
    insert into file_events.state (singleton, epoch) values (true, gen_random_uuid());
    set session_replication_role = origin`);
  assert.deepEqual(await owner.query("select epoch::text from file_events.state"), before);
});
