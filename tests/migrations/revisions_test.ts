import assert from "node:assert/strict";
import { openPglite } from "./pglite_database.ts";
import { actAs, actAsOwner, createUser } from "../../local/postgres/supabase_database.ts";

const { database, session } = await openPglite();
Deno.test.afterAll(() => database.close());

interface Stamp {
  revision: bigint;
  changedIn: bigint;
}

async function stampOf(id: string): Promise<Stamp> {
  const [row] = await session.query<{ revision: string; changed_in: string }>(
    "select revision::text, changed_in::text from public.files where id = $1",
    [id],
  );
  return { revision: BigInt(row!.revision), changedIn: BigInt(row!.changed_in) };
}

async function tombstonesOf(id: string): Promise<(Stamp & { owner: string })[]> {
  const rows = await session.query<{ user_id: string; revision: string; changed_in: string }>(
    `select user_id, revision::text, changed_in::text from public.file_deletions
    where id = $1 order by file_deletions.revision`,
    [id],
  );
  return rows.map((row) => ({
    owner: row.user_id,
    revision: BigInt(row.revision),
    changedIn: BigInt(row.changed_in),
  }));
}

async function addFile(owner: string, id: string = crypto.randomUUID()): Promise<string> {
  await session.query(
    "insert into public.files (id, user_id, filename, file_type) values ($1, $2, 'a.pdf', 'pdf')",
    [id, owner],
  );
  return id;
}

async function newOwner(): Promise<string> {
  await actAsOwner(session);
  return await createUser(session);
}

for (
  const [column, value] of [
    ["filename", "'b.pdf'"],
    ["file_type", "'txt'"],
    ["status", "'processing'"],
    ["progress", "50"],
    ["processing_stage", "'extraction'"],
    ["error_message", "'broken'"],
    ["id", "gen_random_uuid()"],
  ]
) {
  Deno.test(`revision and changed_in move when ${column} changes`, async () => {
    const id = await addFile(await newOwner());
    const before = await stampOf(id);
    const [row] = await session.query<{ id: string }>(
      `update public.files set ${column} = ${value} where id = $1 returning id`,
      [id],
    );
    const after = await stampOf(row!.id);
    assert.ok(after.revision > before.revision);
    assert.ok(after.changedIn > before.changedIn);
  });
}

for (
  const [what, assignment] of [
    ["nothing changes", "progress = progress, status = status"],
    ["only created_at changes", "created_at = '2001-01-01'"],
    ["a revision is forged", "revision = 9000000000, changed_in = '9000000000'"],
  ]
) {
  Deno.test(`revision and changed_in stay when ${what}`, async () => {
    const owner = await newOwner();
    const id = await addFile(owner);
    const before = await stampOf(id);
    await actAs(session, owner);
    await session.query(`update public.files set ${assignment} where id = $1`, [id]);
    assert.deepEqual(await stampOf(id), before);
  });
}

Deno.test("revision and changed_in of an insert are the trigger's, whatever the client sends", async () => {
  const owner = await newOwner();
  const reference = await stampOf(await addFile(owner));
  await actAs(session, owner);
  const [row] = await session.query<{ id: string; xid: string }>(`
    insert into public.files (filename, file_type, revision, changed_in)
    values ('a.pdf', 'pdf', 9000000000, '1') returning id, pg_current_xact_id()::text as xid
  `);
  const stamp = await stampOf(row!.id);
  assert.equal(stamp.revision, reference.revision + 1n);
  assert.equal(stamp.changedIn, BigInt(row!.xid));
});

Deno.test("revision and changed_in of an update are the trigger's, whatever the client sends", async () => {
  const owner = await newOwner();
  const id = await addFile(owner);
  const before = await stampOf(id);
  await actAs(session, owner);
  const [row] = await session.query<{ xid: string }>(
    `update public.files set progress = 9, revision = 1, changed_in = '1' where id = $1
      returning pg_current_xact_id()::text as xid`,
    [id],
  );
  const after = await stampOf(id);
  assert.equal(after.revision, before.revision + 1n);
  assert.equal(after.changedIn, BigInt(row!.xid));
});

Deno.test("revision moves when an upsert changes the row, and stays when it doesn't", async () => {
  const owner = await newOwner();
  const id = await addFile(owner);
  const upsert = (progress: number) =>
    session.query(
      `insert into public.files (id, user_id, filename, file_type, progress)
      values ($1, $2, 'a.pdf', 'pdf', $3)
      on conflict (id) do update set progress = excluded.progress`,
      [id, owner, progress],
    );
  await upsert(10);
  const first = await stampOf(id);
  await upsert(10);
  assert.deepEqual(await stampOf(id), first);
  await upsert(11);
  assert.ok((await stampOf(id)).revision > first.revision);
});

Deno.test("revision sees what other BEFORE triggers made of the row", async () => {
  const id = await addFile(await newOwner());
  await session.query(`
    create function public.finish() returns trigger language plpgsql
      as $$ begin new.progress := 100; return new; end $$;
    create trigger z_finish before update on public.files
      for each row execute function public.finish();
  `);
  const before = await stampOf(id);
  await session.query("update public.files set created_at = now() where id = $1", [id]);
  await session.query("drop trigger z_finish on public.files");
  assert.ok((await stampOf(id)).revision > before.revision);
});

Deno.test("file_deletions gets a tombstone newer than the row", async () => {
  const owner = await newOwner();
  const id = await addFile(owner);
  const row = await stampOf(id);
  await actAs(session, owner);
  await session.query("delete from public.files where id = $1", [id]);
  const [tombstone, ...more] = await tombstonesOf(id);
  assert.deepEqual(more, []);
  assert.equal(tombstone!.owner, owner);
  assert.ok(tombstone!.revision > row.revision);
  assert.ok(tombstone!.changedIn > row.changedIn);
});

Deno.test("file_deletions gets a tombstone for each file of a user who is deleted", async () => {
  const owner = await newOwner();
  const ids = [await addFile(owner), await addFile(owner)];
  // Auth deletes users as a role of its own, which has no rights on files.
  await session.query(`
    create role auth_admin;
    grant usage on schema auth to auth_admin;
    grant select, delete on auth.users to auth_admin;
    set role auth_admin;
  `);
  await session.query("delete from auth.users where id = $1", [owner]);
  await actAsOwner(session);
  for (const id of ids) assert.equal((await tombstonesOf(id)).length, 1);
});

Deno.test("file_deletions gets a tombstone for the owner that a file leaves", async () => {
  const [from, to] = [await newOwner(), await newOwner()];
  const id = await addFile(from);
  await session.query("update public.files set user_id = $1 where id = $2", [to, id]);
  assert.deepEqual((await tombstonesOf(id)).map(({ owner }) => owner), [from]);
});

Deno.test("file_deletions gets a tombstone for the id that a file leaves", async () => {
  const owner = await newOwner();
  const id = await addFile(owner);
  const renamed = crypto.randomUUID();
  await session.query("update public.files set id = $1 where id = $2", [renamed, id]);
  assert.equal((await tombstonesOf(id)).length, 1);
  assert.equal((await tombstonesOf(renamed)).length, 0);
});

Deno.test("file_deletions gets no tombstone from an update that keeps owner and id", async () => {
  const id = await addFile(await newOwner());
  await session.query("update public.files set progress = 5 where id = $1", [id]);
  assert.deepEqual(await tombstonesOf(id), []);
});

Deno.test("file_deletions gets a tombstone for each row that TRUNCATE removes", async () => {
  const owner = await newOwner();
  const ids = [await addFile(owner), await addFile(owner)];
  await session.query("truncate public.files");
  for (const id of ids) assert.equal((await tombstonesOf(id)).length, 1);
});

Deno.test("a row put back under its id outranks its tombstones", async () => {
  const owner = await newOwner();
  const id = await addFile(owner);
  await session.query("delete from public.files where id = $1", [id]);
  await addFile(owner, id);
  assert.ok((await stampOf(id)).revision > (await tombstonesOf(id))[0]!.revision);
});

Deno.test("a row that goes to another owner and comes back outranks its tombstones", async () => {
  const [first, second] = [await newOwner(), await newOwner()];
  const id = await addFile(first);
  await session.query("update public.files set user_id = $1 where id = $2", [second, id]);
  await session.query("update public.files set user_id = $1 where id = $2", [first, id]);
  const ofFirst = (await tombstonesOf(id)).filter(({ owner }) => owner === first);
  assert.equal(ofFirst.length, 1);
  assert.ok((await stampOf(id)).revision > ofFirst[0]!.revision);
});

Deno.test("a row deleted and put back by one statement outranks its tombstone", async () => {
  const owner = await newOwner();
  const id = await addFile(owner);
  await session.query(
    `with removed as (delete from public.files where id = $1 returning *)
    insert into public.files (id, user_id, filename, file_type)
    select id, user_id, 'b.pdf', 'pdf' from removed`,
    [id],
  );
  const [tombstone] = await tombstonesOf(id);
  assert.ok((await stampOf(id)).revision > tombstone!.revision);
});

Deno.test("a row under a deferrable key, put in before the old one goes, outranks its tombstone", async () => {
  const owner = await newOwner();
  const id = await addFile(owner);
  await session.query(`
    begin;
    alter table public.files drop constraint files_pkey;
    alter table public.files add constraint files_pkey primary key (id) deferrable initially deferred;
    insert into public.files (id, user_id, filename, file_type) values ('${id}', '${owner}', 'b', 'b');
    delete from public.files where id = '${id}' and filename = 'a.pdf';
  `);
  const [row, tombstones] = [await stampOf(id), await tombstonesOf(id)];
  await session.query("rollback");
  assert.equal(tombstones.length, 1);
  assert.ok(row.revision > tombstones[0]!.revision);
});

Deno.test("set revision = null gives a row a new revision", async () => {
  const id = await addFile(await newOwner());
  const before = await stampOf(id);
  await session.query("update public.files set revision = null where id = $1", [id]);
  assert.ok((await stampOf(id)).revision > before.revision);
});
