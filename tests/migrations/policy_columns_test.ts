import assert from "node:assert/strict";
import { readSql } from "../../local/postgres/supabase_database.ts";
import { addFiles, setStage, type Stage } from "./stage.ts";

const script = await readSql("scripts/check_installation.sql");

/** A table with these changes whose policies were adopted, and a way to say what draws a revision. */
async function setPolicyStage(changes: string) {
  const logs: string[] = [];
  const stage = await setStage({ setUp: `${changes}; select file_events.adopt_policies()` });
  const session = await stage.database.connect({ onNotice: (text) => logs.push(text) });
  await session.query("set client_min_messages = log");
  await addFiles(session, stage.user, 1);
  const draws = async (set: string) => {
    const revision = async () =>
      (await session.query<{ revision: string }>("select revision::text from public.files"))[0]!
        .revision;
    const before = await revision();
    await session.query(`update public.files set ${set}`);
    return await revision() !== before;
  };
  return { ...stage, session, logs, draws };
}

const codes = async ({ owner }: Pick<Stage, "owner">) =>
  (await owner.query<{ code: string }>(script)).map(({ code }) => code);

const quarantine = `
  alter table public.files add column quarantined boolean default false, add column notes text;
  create policy "Not in quarantine" on public.files as restrictive for select
    using (not quarantined);
`;

Deno.test("a column that a policy reads draws a revision when it changes, another one does not", async () => {
  await using stage = await setPolicyStage(quarantine);
  assert.equal(await stage.draws("notes = 'x'"), false);
  assert.equal(await stage.draws("quarantined = true"), true);
  assert.equal(await stage.draws("quarantined = true"), false);
  assert.equal(await stage.draws("quarantined = null"), true);
});

Deno.test("adopt_policies() quotes names, and returns what is compared", async () => {
  await using stage = await setPolicyStage(`
    alter table public.files add column "the ""User""'s, (own)" text, add column "order" json;
    create policy "a" on public.files for select to authenticated using ("order" is null);
    create policy "b" on public.files for all to public using ("the ""User""'s, (own)" <> 'x');
  `);
  const [row] = await stage.owner.query<{ columns: string[] }>(
    "select to_jsonb(file_events.adopt_policies()) as columns",
  );
  assert.deepEqual(row!.columns, ["order", `the "User"'s, (own)`]);
  assert.equal(await stage.draws(`"the ""User""'s, (own)" = 'y'`), true);
  assert.equal(await stage.draws(`"order" = '{}'`), true);
  assert.equal(await stage.draws(`"order" = '{}'`), false);
  assert.ok(!(await codes(stage)).includes("policy-untracked"));
});

for (
  const [what, policy] of [
    ["a policy for updates", "for update to authenticated"],
    ["a policy for another role", "for select to service_role"],
  ] as const
) {
  Deno.test(`adopt_policies() leaves out what ${what} reads`, async () => {
    await using stage = await setPolicyStage(
      `alter table public.files add column hidden boolean;
      create policy other on public.files ${policy} using (hidden)`,
    );
    assert.equal(await stage.draws("hidden = true"), false);
    assert.ok(!(await codes(stage)).includes("policy-untracked"));
  });
}

Deno.test("check_installation.sql names a column that a policy reads and nobody compares, until it is adopted", async () => {
  await using stage = await setPolicyStage("select");
  await stage.owner.query(quarantine);
  assert.equal(await stage.draws("quarantined = true"), false);
  const found = await stage.owner.query<{ code: string; problem: string; cure: string }>(script);
  const untracked = found.filter(({ code }) => code === "policy-untracked");
  assert.equal(untracked.length, 1);
  assert.match(untracked[0]!.problem, /column quarantined/);
  await stage.owner.query(untracked[0]!.cure);
  assert.ok(!(await codes(stage)).includes("policy-untracked"));
  assert.equal(await stage.draws("quarantined = false"), true);
});

Deno.test("check_installation.sql names a generated column that a policy reads, which can't be compared", async () => {
  await using stage = await setPolicyStage(`
    alter table public.files add column is_done boolean generated always as (progress = 100) stored;
    create policy done on public.files as restrictive for select using (is_done);
  `);
  assert.ok((await codes(stage)).includes("policy-untracked"));
  assert.equal(await stage.draws("created_at = now()"), false);
});

for (
  const [what, change] of [
    ["is dropped", "drop column quarantined cascade"],
    ["is renamed", "rename column quarantined to withheld"],
  ] as const
) {
  Deno.test(`writes go through, and count as changes, after a column that a policy reads ${what}`, async () => {
    await using stage = await setPolicyStage(quarantine);
    await stage.draws("notes = 'x'");
    await stage.owner.query(`alter table public.files ${change}`);
    assert.equal(await stage.draws("notes = 'y'"), true);
    await stage.owner.query("select file_events.adopt_policies()");
    assert.equal(await stage.draws("notes = 'z'"), false);
  });
}

Deno.test("a column that a policy reads may get another type, though a session is open", async () => {
  await using stage = await setPolicyStage(quarantine);
  await stage.draws("notes = 'x'");
  await stage.owner.query(`
    drop policy "Not in quarantine" on public.files;
    alter table public.files alter quarantined drop default, alter quarantined type text;
    alter table public.files add unique (id, quarantined);
  `);
  await stage.draws("notes = 'y'");
  await stage.draws("quarantined = 'no'");
});

Deno.test("the table can be dropped, though reads_same() compares its rows", async () => {
  await using stage = await setPolicyStage(quarantine);
  await stage.owner.query("drop table public.files");
});

Deno.test("a policy that reads the row as a whole makes every column count", async () => {
  const whole = `
    create function public.is_visible(file public.files) returns boolean language sql stable
      as 'select file.notes is null';
    create policy "Visible" on public.files as restrictive for select
      using (public.is_visible(files));
  `;
  await using stage = await setPolicyStage(quarantine + whole);
  assert.equal(await stage.draws("notes = 'x'"), true);
  assert.ok(!(await codes(stage)).includes("policy-untracked"));
  await stage.session.query("alter table public.files add column later text");
  assert.ok((await codes(stage)).includes("policy-untracked"));
});
