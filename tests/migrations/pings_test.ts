import assert from "node:assert/strict";
import { changesSince } from "../../local/postgres/changes_since.ts";
import { migrations, readSql } from "../../local/postgres/supabase_database.ts";
import { addFiles, setStage, type Stage } from "./stage.ts";
import { takeMessages } from "./take_messages.ts";

const [table, changeTracking, broadcast] = await Promise.all(migrations.map(readSql)) as [
  string,
  string,
  string,
];

/** The project's table with these changes before both migrations are applied. */
function setStageOn(changes: string): Promise<Stage> {
  return setStage({ scripts: [], setUp: [table, changes, changeTracking, broadcast].join(";\n") });
}

const quarantine = `
  alter table public.files add column quarantined boolean not null default false;
  create policy "Not in quarantine" on public.files as restrictive for select
    using (not quarantined);
`;
const isAal2 = "(select auth.jwt()->>'aal') = 'aal2'";
const without = `drop policy "Owners read their files" on public.files`;
const only = (condition: string) =>
  `${without}; create policy mine on public.files for select to authenticated using (${condition})`;

for (
  const [live, what, changes] of [
    ["rows", "plain ownership", "select"],
    ["rows", "plain ownership the other way round", only("auth.uid() = user_id")],
    ["rows", "everything shown to everybody", only("true")],
    [
      "rows",
      "no row level security",
      `${without}; alter table public.files disable row level security`,
    ],
    [
      "rows",
      "a narrow policy beside one for owners",
      "create policy narrow on public.files for select using (progress = 0 and user_id = auth.uid())",
    ],
    [
      "rows",
      "a restrictive policy for owners",
      "create policy narrow on public.files as restrictive for all using (user_id = auth.uid())",
    ],
    [
      "rows",
      "a narrow policy for updates",
      `create policy narrow on public.files as restrictive for update using (${isAal2})`,
    ],
    [
      "rows",
      "a narrow policy for another role",
      `create policy narrow on public.files as restrictive for select to anon using (${isAal2})`,
    ],
    ["pings", "a claim", only(`user_id = auth.uid() and ${isAal2}`)],
    [
      "pings",
      "a restrictive policy for more than ownership",
      `create policy narrow on public.files as restrictive for all using (${isAal2})`,
    ],
    ["pings", "a column that hides", quarantine],
    ["pings", "a condition that can't be read", only("auth.uid() is not null")],
    ["pings", "text that looks like ownership", only("filename = '(user_id = auth.uid())'")],
    ["pings", "no policy for authenticated", without],
  ] as const
) {
  Deno.test(`…_file_events_broadcast.sql chooses ${live} with ${what}`, async () => {
    await using stage = await setStageOn(changes);
    const state = "select live, schema_version from file_events.state";
    assert.deepEqual(await stage.owner.query(state), [{ live, schema_version: 1 }]);
  });
}

Deno.test("…_file_events_broadcast.sql leaves the setting as it is when it is applied again", async () => {
  await using stage = await setStageOn("select");
  const { owner } = stage;
  await owner.query("update file_events.state set live = 'pings'");
  await owner.query(changeTracking);
  await owner.query(broadcast);
  assert.deepEqual(await owner.query("select live from file_events.state"), [{ live: "pings" }]);
  await assert.rejects(owner.query("update file_events.state set live = 'both'"), /check/);
});

Deno.test("broadcast() with pings sends no row, and one ping an owner and a statement", async () => {
  await using stage = await setStageOn(quarantine);
  const { owner, user } = stage;
  const told = async () =>
    (await takeMessages(owner)).map(({ topic, event, payload }) => {
      const { id: _, ...content } = payload as Record<string, unknown>;
      assert.deepEqual(Object.keys(content), ["changed_in"]);
      return `${topic} ${event} ${content.changed_in}`;
    });
  const [first] = await addFiles(owner, user, 3);
  const [row] = await owner.query<{ xid: string }>(
    "select changed_in::text as xid from public.files where id = $1",
    [first!.id],
  );
  assert.deepEqual(await told(), [`files:${user} ping ${row!.xid}`]);
  await owner.query("update public.files set progress = 1 where id = $1", [first!.id]);
  await owner.query("delete from public.files where id = $1", [first!.id]);
  await owner.query("update public.files set progress = 0 where filename = '2'");
  await owner.query("truncate public.files");
  assert.equal((await told()).length, 3);
});

for (const [owners, event] of [[10, "ping"], [11, "many"]] as const) {
  for (const live of ["rows", "pings"]) {
    Deno.test(`broadcast() with ${live} sends ${event} to ${owners} owners`, async () => {
      await using stage = await setStageOn("select");
      const { owner } = stage;
      await owner.query(`update file_events.state set live = '${live}'`);
      await owner.query(`
        insert into auth.users (id) select gen_random_uuid() from generate_series(1, ${owners - 1});
        insert into public.files (user_id, filename, file_type)
          select id, i, 'pdf' from auth.users, generate_series(1, 60) i;
      `);
      const messages = await takeMessages(owner);
      assert.equal(messages.length, owners);
      assert.ok(messages.every((message) => message.event === event));
    });
  }
}

Deno.test("file_changes_since() takes back what a policy begins to hide, and brings what it begins to show", async () => {
  await using stage = await setStageOn(quarantine);
  const { owner, user, client, reader } = stage;
  const [hidden, kept] = await addFiles(owner, user, 2);
  await client.catchUp();
  const { cursor } = client;
  await owner.query("update public.files set quarantined = true where id = $1", [hidden!.id]);
  const page = await changesSince(reader, cursor);
  const [row] = await owner.query<{ revision: string; changed_in: string }>(
    "select revision::text, changed_in::text from public.files where id = $1",
    [hidden!.id],
  );
  assert.deepEqual(page.deletions, [
    { id: hidden!.id, revision: Number(row!.revision), changed_in: row!.changed_in },
  ]);
  assert.deepEqual([page.files, page.reset, page.current], [[], false, true]);
  await client.catchUp();
  assert.deepEqual([...client.files.keys()], [kept!.id]);
  await owner.query("update public.files set quarantined = false where id = $1", [hidden!.id]);
  await client.catchUp();
  assert.equal(client.files.size, 2);
  assert.equal(client.resets, 1);
  // A snapshot starts from nothing.
  await owner.query("update public.files set quarantined = true");
  assert.deepEqual((await changesSince(reader, null)).deletions, []);
});

Deno.test("file_changes_since() takes back hidden files of the asked ids and of the caller only", async () => {
  await using stage = await setStageOn(quarantine);
  const { owner, user, database } = stage;
  const [a, b] = await addFiles(owner, user, 2);
  await owner.query("insert into auth.users (id) values ('00000000-0000-4000-8000-000000000001')");
  await using other = await database.connectAs("00000000-0000-4000-8000-000000000001");
  const fileIds = [a!.id];
  const narrow = await changesSince(stage.reader, null, { fileIds });
  const foreign = await changesSince(other, null);
  await owner.query("update public.files set quarantined = true");
  const page = await changesSince(stage.reader, narrow.cursor, { fileIds });
  assert.deepEqual(page.deletions.map(({ id }) => id), fileIds);
  assert.deepEqual((await changesSince(other, foreign.cursor)).deletions, []);
  assert.ok(b);
});

Deno.test("file_changes_since() with rows takes back no hidden file", async () => {
  await using stage = await setStageOn(quarantine);
  const { owner, user, client, reader } = stage;
  await owner.query("update file_events.state set live = 'rows'");
  await addFiles(owner, user, 2);
  await client.catchUp();
  await owner.query("update public.files set quarantined = true");
  assert.deepEqual((await changesSince(reader, client.cursor)).deletions, []);
});

Deno.test("another setting makes cursors unusable, because what was hidden before was not taken back", async () => {
  await using stage = await setStageOn(quarantine);
  const { owner, user, client } = stage;
  await owner.query("update file_events.state set live = 'rows'");
  await addFiles(owner, user, 2);
  await client.catchUp();
  await owner.query("update public.files set quarantined = true where filename = '1'");
  await client.catchUp();
  await owner.query("update file_events.state set live = 'pings'");
  await client.catchUp();
  assert.deepEqual([client.files.size, client.resets], [1, 2]);
});

Deno.test("file_changes_since() pages hidden, visible and deleted files together", async () => {
  await using stage = await setStageOn(quarantine);
  const { owner, user, client, reader } = stage;
  await addFiles(owner, user, 2_000);
  await client.catchUp();
  const { cursor } = client;
  await owner.query("update public.files set progress = 1 where filename::integer <= 700");
  await owner.query(
    "update public.files set quarantined = true where filename::integer between 301 and 1500",
  );
  await owner.query("delete from public.files where filename::integer > 1900");
  await owner.query("update public.files set progress = 2 where filename::integer % 2 = 0");
  const counts: number[] = [];
  const seen = new Set<string>();
  let since: string | null = cursor;
  for (let more = true; more;) {
    const page = await changesSince(reader, since);
    ({ cursor: since, more } = page);
    assert.equal(page.reset, false);
    counts.push(page.files.length + page.deletions.length);
    for (const { id } of [...page.files, ...page.deletions]) {
      assert.ok(!seen.has(id), "each file once");
      seen.add(id);
    }
    assert.equal(page.current, !more);
  }
  // 300 that changed, 1,200 that were hidden, 100 that went, and 200 of the rest.
  assert.deepEqual(counts, [500, 500, 500, 300]);
  await client.catchUp();
  const own = await reader.query<{ id: string }>("select id from public.files");
  assert.deepEqual(new Set(client.files.keys()), new Set(own.map(({ id }) => id)));
});

Deno.test("file_changes_since() is not current if a policy hid a file while a run of pages was read", async () => {
  await using stage = await setStageOn(quarantine);
  const { owner, user, reader, client } = stage;
  await addFiles(owner, user, 501);
  assert.equal(await client.readPage(), true);
  await owner.query("update public.files set quarantined = true where filename = '1'");
  const last = await changesSince(reader, client.cursor);
  assert.deepEqual([last.more, last.current], [false, false]);
  await client.readPage();
  await client.catchUp();
  assert.equal(client.files.size, 500);
});

Deno.test("file_changes_since() takes back what a transaction that was running has hidden", async () => {
  await using stage = await setStageOn(quarantine);
  const { database, owner, user, client } = stage;
  await addFiles(owner, user, 3);
  await using early = await database.connect();
  await early.query("begin; update public.files set quarantined = true where filename = '1'");
  await owner.query("update public.files set progress = 1 where filename = '2'");
  await client.catchUp();
  assert.equal(client.files.size, 3);
  await early.query("commit");
  await client.catchUp();
  assert.deepEqual([client.files.size, client.resets], [2, 1]);
});

Deno.test("a policy for a claim is obeyed by catch-up, and no live change carries a row", async () => {
  await using stage = await setStageOn(only(`user_id = auth.uid() and ${isAal2}`));
  const { owner, user, reader } = stage;
  await addFiles(owner, user, 1);
  assert.deepEqual((await takeMessages(owner)).map(({ event }) => event), ["ping"]);
  assert.deepEqual((await changesSince(reader, null)).files, []);
  await reader.query("select set_config('request.jwt.claims', $1, false)", [
    JSON.stringify({ sub: user, role: "authenticated", aal: "aal2" }),
  ]);
  assert.equal((await changesSince(reader, null)).files.length, 1);
});
