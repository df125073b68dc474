import assert from "node:assert/strict";
import { type ChangesPage, changesSince } from "../../local/postgres/changes_since.ts";
import { CatchUpClient } from "./catch_up_client.ts";
import { openPglite } from "./pglite_database.ts";
import { actAs, actAsOwner, createUser } from "../../local/postgres/supabase_database.ts";

const { database, session } = await openPglite();
Deno.test.afterAll(() => database.close());

/** Runs SQL as the database's owner, then continues as the user. */
async function write(user: string, sql: string, parameters: unknown[] = []): Promise<void> {
  await actAsOwner(session);
  await session.query(sql, parameters);
  await actAs(session, user);
}

/** Leaves the session acting as a user who has just been created. */
async function newUser(): Promise<string> {
  await actAsOwner(session);
  const user = await createUser(session);
  await actAs(session, user);
  return user;
}

async function addFiles(user: string, filenames: string[]): Promise<string[]> {
  const ids = filenames.map(() => crypto.randomUUID());
  for (const [i, filename] of filenames.entries()) {
    await write(
      user,
      "insert into public.files (id, user_id, filename, file_type) values ($1, $2, $3, 'pdf')",
      [ids[i], user, filename],
    );
  }
  return ids;
}

function addManyFiles(user: string, count: number, errorLength = 0): Promise<void> {
  return write(
    user,
    `insert into public.files (user_id, filename, file_type, error_message)
    select $1, i, 'pdf', nullif(repeat('é', $3), '') from generate_series(1, $2) i`,
    [user, count, errorLength],
  );
}

async function pagesSince(since: string | null, fileIds?: string[]): Promise<ChangesPage[]> {
  const pages: ChangesPage[] = [];
  let more = true;
  while (more) {
    const page = await changesSince(session, since, { fileIds: fileIds ?? null });
    pages.push(page);
    ({ cursor: since, more } = page);
  }
  return pages;
}

Deno.test("file_changes_since() returns a snapshot of all streamed fields", async () => {
  const user = await newUser();
  const [id] = await addFiles(user, ["a.pdf"]);
  await write(
    user,
    `update public.files set status = 'failed', progress = 30, processing_stage = 'embedding',
      error_message = 'no text' where id = $1`,
    [id],
  );
  const page = await changesSince(session, null);
  const [stamp] = await session.query<{ revision: string; changed_in: string }>(
    "select revision::text, changed_in::text from public.files",
  );
  assert.deepEqual(page.files, [{
    id,
    filename: "a.pdf",
    file_type: "pdf",
    status: "failed",
    progress: 30,
    processing_stage: "embedding",
    error_message: "no text",
    created_at: page.files[0]!.created_at,
    final: true,
    revision: Number(stamp!.revision),
    changed_in: stamp!.changed_in,
  }]);
  assert.deepEqual(page.deletions, []);
  assert.equal(page.reset, true);
  assert.equal(page.more, false);
  assert.equal(page.current, true);
  assert.ok(BigInt(page.covers[0]!) > BigInt(stamp!.changed_in));
  assert.ok(Math.abs(Date.parse(page.files[0]!.created_at!) - Date.now()) < 60_000);
});

Deno.test("file_changes_since(cursor) returns what changed since, deletions included", async () => {
  const user = await newUser();
  const [kept, changed, deleted] = await addFiles(user, ["kept", "changed", "deleted"]);
  const { cursor } = await changesSince(session, null);
  await write(user, "update public.files set progress = 5 where id = $1", [changed]);
  await write(user, "delete from public.files where id = $1", [deleted]);
  const page = await changesSince(session, cursor);
  assert.equal(page.reset, false);
  assert.deepEqual(page.files.map(({ id }) => id), [changed]);
  assert.deepEqual(page.deletions.map(({ id }) => id), [deleted]);
  assert.ok(page.deletions[0]!.revision > page.files[0]!.revision);
  assert.ok(!JSON.stringify(page).includes(kept!));
});

Deno.test("file_changes_since(cursor) finds nothing where nothing changed", async () => {
  const user = await newUser();
  await addFiles(user, ["a"]);
  const { cursor } = await changesSince(session, null);
  const page = await changesSince(session, cursor);
  assert.deepEqual([page.files, page.deletions, page.reset, page.more], [[], [], false, false]);
});

Deno.test("file_changes_since() shows nothing of another user, deletions included", async () => {
  const stranger = await newUser();
  const { cursor } = await changesSince(session, null);
  const owner = await newUser();
  const [, deleted] = await addFiles(owner, ["a", "b"]);
  await write(owner, "delete from public.files where id = $1", [deleted]);
  await actAs(session, stranger);
  for (const since of [null, cursor]) {
    const page = await changesSince(session, since, { fileIds: null });
    assert.deepEqual([page.files, page.deletions], [[], []]);
  }
});

Deno.test("file_changes_since() shows own files only, where a policy shows more", async () => {
  const owner = await newUser();
  await addFiles(owner, ["a"]);
  await newUser();
  await actAsOwner(session);
  await session.query(
    "create policy everything on public.files for select to authenticated using (true)",
  );
  const reader = await createUser(session);
  await actAs(session, reader);
  const page = await changesSince(session, null);
  const seen = await session.query("select id from public.files limit 1");
  await actAsOwner(session);
  await session.query("drop policy everything on public.files");
  assert.equal(seen.length, 1);
  assert.deepEqual(page.files, []);
});

Deno.test("file_changes_since() leaves out the tombstone of a file that is back", async () => {
  const user = await newUser();
  const [id] = await addFiles(user, ["a"]);
  const { cursor } = await changesSince(session, null);
  await write(user, "delete from public.files where id = $1", [id]);
  await write(
    user,
    "insert into public.files (id, user_id, filename, file_type) values ($1, $2, 'again', 'pdf')",
    [id, user],
  );
  const page = await changesSince(session, cursor);
  assert.deepEqual(page.deletions, []);
  assert.deepEqual(page.files.map(({ filename }) => filename), ["again"]);
});

Deno.test("file_changes_since() tells both owners of a file that changes hands", async () => {
  const from = await newUser();
  const [id] = await addFiles(from, ["a"]);
  const { cursor: ofFrom } = await changesSince(session, null);
  const to = await newUser();
  const { cursor: ofTo } = await changesSince(session, null);
  await write(to, "update public.files set user_id = $1 where id = $2", [to, id]);
  const received = await changesSince(session, ofTo);
  await actAs(session, from);
  const lost = await changesSince(session, ofFrom);
  assert.deepEqual(received.files.map((file) => file.id), [id]);
  assert.deepEqual(received.deletions, []);
  assert.deepEqual(lost.files, []);
  assert.deepEqual(lost.deletions.map((file) => file.id), [id]);
});

Deno.test("file_changes_since(…, file_ids) is narrowed to these files", async () => {
  const user = await newUser();
  const [a, b, c] = await addFiles(user, ["a", "b", "c"]);
  const fileIds = [a!, b!];
  const { files, cursor } = await changesSince(session, null, { fileIds });
  assert.deepEqual(files.map(({ id }) => id), fileIds);
  await write(user, "update public.files set progress = 1 where id in ($1, $2)", [a, c]);
  await write(user, "delete from public.files where id = $1", [b]);
  await write(user, "delete from public.files where id = $1", [c]);
  const page = await changesSince(session, cursor, { fileIds });
  assert.equal(page.reset, false);
  assert.deepEqual(page.files.map(({ id }) => id), [a]);
  assert.deepEqual(page.deletions.map(({ id }) => id), [b]);
});

Deno.test("file_changes_since(…, file_ids) with none matches nothing", async () => {
  const user = await newUser();
  await addFiles(user, ["a"]);
  assert.deepEqual((await changesSince(session, null, { fileIds: [] })).files, []);
});

Deno.test("file_changes_since(…, file_ids) takes no text for an id that is none, and ids in any case", async () => {
  const user = await newUser();
  const [id] = await addFiles(user, ["a"]);
  const odd = ["", "a", "ready", `{${id}}`, id!.replaceAll("-", ""), ` ${id}`, `${id}\n`, `${id}0`];
  for (const text of odd) {
    const [row] = await session.query<{ page: ChangesPage }>(
      "select public.file_changes_since(null, array[$1::text, null]) as page",
      [text],
    );
    assert.deepEqual(row!.page.files, [], JSON.stringify(text));
  }
  const { files, cursor } = await changesSince(session, null, {
    fileIds: [id!.toUpperCase(), "x"],
  });
  assert.deepEqual(files.map((file) => file.id), [id]);
  assert.equal((await changesSince(session, cursor, { fileIds: [id!] })).reset, false);
});

Deno.test("file_changes_since() says the version of the schema, and which statuses are final", async () => {
  const user = await newUser();
  await addFiles(user, ["pending", "processing", "ready", "failed"]);
  await write(user, "update public.files set status = filename where user_id = $1", [user]);
  const page = await changesSince(session, null);
  assert.equal(page.version, 1);
  assert.deepEqual(
    Object.fromEntries(page.files.map(({ filename, final }) => [filename, final])),
    { pending: false, processing: false, ready: true, failed: true },
  );
});

Deno.test("file_changes_since(…, file_ids) refuses more than 100", async () => {
  await newUser();
  const fileIds = Array.from({ length: 201 }, () => crypto.randomUUID());
  await assert.rejects(
    changesSince(session, null, { fileIds }),
    /file_ids has 201 elements, at most 200 are allowed/,
  );
  await changesSince(session, null, { fileIds: fileIds.slice(1) });
});

Deno.test("file_changes_since(cursor, file_ids) does not care about order and repetition", async () => {
  const user = await newUser();
  const [a, b] = await addFiles(user, ["a", "b"]);
  const { cursor } = await changesSince(session, null, { fileIds: [a!, b!] });
  const page = await changesSince(session, cursor, { fileIds: [b!, a!, b!] });
  assert.equal(page.reset, false);
});

Deno.test("file_changes_since(…, snapshot = false) answers with the cursor of now", async () => {
  const user = await newUser();
  const [id] = await addFiles(user, ["a"]);
  const start = await changesSince(session, null, { snapshot: false });
  assert.deepEqual(
    [start.files, start.deletions, start.reset, start.more, start.current],
    [[], [], true, false, true],
  );
  await write(user, "update public.files set progress = 1 where id = $1", [id]);
  const next = await changesSince(session, start.cursor, { snapshot: false });
  assert.equal(next.reset, false);
  assert.deepEqual(next.files.map((file) => file.id), [id]);
});

Deno.test("file_changes_since() cuts long text, and keeps characters whole", async () => {
  const user = await newUser();
  const text = "👩‍🚀é\n".repeat(20_000);
  const [id] = await addFiles(user, [text]);
  await write(user, "update public.files set error_message = filename where id = $1", [id]);
  const { files: [file] } = await changesSince(session, null);
  const characters = [...text];
  assert.equal(file!.filename, characters.slice(0, 1024).join(""));
  assert.equal(file!.error_message, characters.slice(0, 4096).join(""));
});

Deno.test("file_changes_since() pages a snapshot by 500 rows, each file once", async () => {
  const user = await newUser();
  await addManyFiles(user, 1201);
  const pages = await pagesSince(null);
  assert.deepEqual(pages.map(({ files }) => files.length), [500, 500, 201]);
  assert.deepEqual(pages.map(({ reset }) => reset), [true, false, false]);
  assert.equal(new Set(pages.flatMap(({ files }) => files).map(({ id }) => id)).size, 1201);
  assert.equal(new Set(pages.map(({ covers }) => covers.join())).size, 1);
  assert.deepEqual(pages.map(({ current }) => current), [false, false, true]);
});

Deno.test("file_changes_since() is not current if a file changed or went while a run of pages was read", async (t) => {
  const statements = {
    changed: "update public.files set progress = 1 where user_id = $1 and filename = '1'",
    went: "delete from public.files where user_id = $1 and filename = '1'",
  };
  for (const [name, statement] of Object.entries(statements)) {
    await t.step(name, async () => {
      const user = await newUser();
      await addManyFiles(user, 501);
      const first = await changesSince(session, null);
      await write(user, statement, [user]);
      const last = await changesSince(session, first.cursor);
      assert.deepEqual([last.more, last.current], [false, false]);
      const next = await changesSince(session, last.cursor);
      assert.equal(next.files.length + next.deletions.length, 1);
      assert.equal(next.current, true);
    });
  }
});

Deno.test("file_changes_since() pages exactly 500 rows as one page", async () => {
  const user = await newUser();
  await addManyFiles(user, 500);
  assert.deepEqual((await pagesSince(null)).map(({ files }) => files.length), [500]);
});

Deno.test("file_changes_since() pages files and deletions together, in order", async () => {
  const user = await newUser();
  await addManyFiles(user, 900);
  const { cursor } = (await pagesSince(null)).at(-1)!;
  await write(user, "delete from public.files where user_id = $1 and filename::int <= 400", [user]);
  await write(user, "update public.files set progress = 1 where user_id = $1", [user]);
  const pages = await pagesSince(cursor);
  const counts = pages.map(({ files, deletions }) => [files.length, deletions.length]);
  assert.deepEqual(counts, [[100, 400], [400, 0]]);
  assert.ok(pages.every(({ reset }) => !reset));
});

Deno.test("file_changes_since() ends a page at about 1 MiB", async () => {
  const user = await newUser();
  await addManyFiles(user, 300, 4096); // 8 kB of UTF-8 each
  const pages = await pagesSince(null);
  assert.equal(pages.flatMap(({ files }) => files).length, 300);
  assert.equal(pages.length, 3);
  for (const page of pages) assert.ok(JSON.stringify(page.files).length < 1_048_576);
});

Deno.test("file_changes_since() ends a run at its first page's snapshot, however much changes meanwhile", async () => {
  const user = await newUser();
  const client = new CatchUpClient(session);
  await addManyFiles(user, 600);
  assert.equal(await client.readPage(), true);
  await write(user, "update public.files set progress = 7 where user_id = $1", [user]);
  await write(user, "delete from public.files where user_id = $1 and filename = '1'", [user]);
  assert.equal(await client.readPage(), false);
  assert.equal(client.files.size, 500); // what has changed since is for the next run
  await client.catchUp();
  assert.equal(client.resets, 1);
  assert.equal(client.files.size, 599);
  assert.ok([...client.files.values()].every(({ progress }) => progress === 7));
});

Deno.test("file_changes_since(cursor) resets for a cursor of another user or filter", async () => {
  const user = await newUser();
  const [a, b] = await addFiles(user, ["a", "b"]);
  const { cursor } = await changesSince(session, null);
  const { cursor: ofA } = await changesSince(session, null, { fileIds: [a!] });
  const { cursor: ofNone } = await changesSince(session, null, { fileIds: [] });
  const isReset = async (since: string, fileIds: string[] | null) =>
    (await changesSince(session, since, { fileIds })).reset;
  assert.equal(await isReset(cursor, null), false);
  assert.equal(await isReset(cursor, [a!]), true);
  assert.equal(await isReset(cursor, []), true);
  assert.equal(await isReset(ofA, [a!]), false);
  assert.equal(await isReset(ofA, [a!, b!]), true);
  assert.equal(await isReset(ofA, null), true);
  assert.equal(await isReset(ofNone, null), true);
  await newUser();
  assert.equal(await isReset(cursor, null), true);
});

for (const more of [false, true]) {
  const what = more ? "an unfinished snapshot" : "a whole snapshot";

  Deno.test(`file_changes_since(cursor, snapshot = false) of ${what} resets with an empty page`, async () => {
    const user = await newUser();
    await addManyFiles(user, more ? 501 : 1);
    const { cursor, more: isUnfinished } = await changesSince(session, null);
    assert.equal(isUnfinished, more);
    const page = await changesSince(session, cursor, { snapshot: false });
    assert.deepEqual([page.reset, page.more, page.files, page.deletions], [true, false, [], []]);
    assert.equal((await changesSince(session, page.cursor, { snapshot: false })).reset, false);
  });
}

Deno.test("file_changes_since(cursor) of snapshot = false resets with a full snapshot", async () => {
  const user = await newUser();
  const ids = await addFiles(user, ["a", "b"]);
  const { cursor } = await changesSince(session, null, { snapshot: false });
  await write(user, "update public.files set progress = 1 where id = $1", [ids[1]]);
  const page = await changesSince(session, cursor);
  assert.equal(page.reset, true);
  assert.deepEqual(page.files.map(({ id }) => id), ids);
});

Deno.test("file_changes_since() obeys what a policy asks for beyond ownership", async () => {
  const user = await newUser();
  const [, hidden] = await addFiles(user, ["a", "b"]);
  const { cursor } = await changesSince(session, null);
  await write(user, "update public.files set status = 'failed' where user_id = $1", [user]);
  await write(
    user,
    `create policy narrowing on public.files as restrictive for select using (id <> '${hidden}')`,
  );
  const snapshot = await changesSince(session, null);
  const changes = await changesSince(session, cursor);
  await write(user, "drop policy narrowing on public.files");
  for (const { files } of [snapshot, changes]) {
    assert.deepEqual(files.map(({ filename }) => filename), ["a"]);
  }
});

/** Cursors that no database has given out, made from one that it has. */
const unusable: Record<string, (cursor: string) => string> = {
  "empty": () => "",
  "a word": () => "abc",
  "a number": () => "12345",
  "a negative bound": (cursor) => cursor.replace(/\.\d+$/, ".-1"),
  "a bound that is no number": (cursor) => cursor.replace(/\.\d+$/, ".abc"),
  "no bound": (cursor) => cursor.replace(/\.\d+$/, "."),
  "a bound in the future": (cursor) => cursor.replace(/\d+$/, (xid) => `${BigInt(xid) + 100n}`),
  "the largest 18 digits": (cursor) => cursor.replace(/\d+$/, "9".repeat(18)),
  "19 digits": (cursor) => cursor.replace(/\d+$/, "9".repeat(19)),
  "an xid8 that overflows": (cursor) => cursor.replace(/\d+$/, "18446744073709551616"),
  "Arabic digits": (cursor) => cursor.replace(/\d+$/, "٣"),
  "another epoch": (cursor) => cursor.replace(/^./, (digit) => digit === "0" ? "1" : "0"),
  "upper case": (cursor) => cursor.toUpperCase().replace(/^[^A-F]*$/, "X"),
  "space before": (cursor) => ` ${cursor}`,
  "newline after": (cursor) => `${cursor}\n`,
  "two lines": (cursor) => `${cursor}\n${cursor}`,
  "trailing point": (cursor) => `${cursor}.`,
  "half a position": (cursor) => `${cursor}.s.5.5`,
  "an unknown kind of run": (cursor) => `${cursor}.x.5.5.5`,
  "a run that ends in the future": (cursor) => `${cursor}.c.${"9".repeat(18)}.5.5`,
  "a revision that overflows": (cursor) => `${cursor}.c.5.5.${"9".repeat(19)}`,
  "a running transaction that is no number": (cursor) => `${cursor}-abc`,
  "a running transaction of 19 digits": (cursor) => `${cursor}-${"9".repeat(19)}`,
  "17 running transactions": (cursor) => `${cursor}${"-5".repeat(17)}`,
  "a base that is no number": (cursor) => `${cursor}.c.5.5.5.abc`,
  "SQL": () => "'; drop table public.files; --",
  "a pattern": () => ".*",
  "emoji": () => "👩‍🚀",
  "a megabyte": (cursor) => cursor.repeat(30_000),
};

for (const [what, make] of Object.entries(unusable)) {
  Deno.test(`file_changes_since(cursor) resets for ${what}`, async () => {
    const user = await newUser();
    const [id] = await addFiles(user, ["a"]);
    const { cursor } = await changesSince(session, null);
    const page = await changesSince(session, make(cursor));
    assert.equal(page.reset, true);
    assert.deepEqual(page.files.map((file) => file.id), [id]);
    assert.equal((await changesSince(session, page.cursor)).reset, false);
  });
}

Deno.test("file_changes_since() gives cursors that fit a header, a URL and an SSE id", async () => {
  const user = await newUser();
  await addManyFiles(user, 501);
  for (const { cursor } of await pagesSince(null)) assert.match(cursor, /^[0-9a-z.-]{1,128}$/);
});

Deno.test("file_changes_since() reads transaction ids and rows from one snapshot", async () => {
  const [declared] = await session.query<{ volatility: string; definer: boolean }>(`
    select provolatile as volatility, prosecdef as definer
    from pg_proc where oid = 'public.file_changes_since(text, text[], boolean)'::regprocedure
  `);
  assert.deepEqual(declared, { volatility: "s", definer: false });
});
