import assert from "node:assert/strict";
import { server } from "../support/test_server.ts";
import { createSupabaseDatabase, readSql } from "../../local/postgres/supabase_database.ts";

const database = await createSupabaseDatabase(server);
const owner = await database.connect();
Deno.test.afterAll(() => database[Symbol.asyncDispose]());

const script = await readSql("scripts/check_installation.sql");

/** What `check_installation.sql` finds after these changes to the project's own migration. */
async function check(changes: string): Promise<{ code: string; problem: string }[]> {
  await owner.query(`begin; ${changes}`);
  try {
    return await owner.query(script);
  } finally {
    await owner.query("rollback");
  }
}

const safe = [
  "auth.uid() = user_id",
  "user_id = auth.uid()",
  "(select auth.uid()) = user_id",
  "user_id = (select auth.uid())",
  "files.user_id = (select auth.uid() as id)",
];
const narrowed = [
  "user_id = (select auth.uid()) and (select auth.jwt()->>'aal') = 'aal2'",
  "auth.jwt()->>'aal' = 'aal2' and auth.uid() = user_id",
  "auth.uid() = user_id and status <> 'failed' and not progress > 50",
  "status <> 'OR' and (progress > 0 or status = 'pending') and user_id = auth.uid()",
  "progress = 0 and (user_id = auth.uid() and status = 'ready')",
  "user_id = auth.uid() and exists (select from public.members m where m.user_id = auth.uid())",
  "user_id = auth.uid() and true",
  "user_id = auth.uid() and user_id is not null",
];
const notForOwnersAlone = [
  "true",
  "auth.uid() = user_id or status = 'ready'",
  "(auth.uid() = user_id and progress = 0) or status = 'ready'",
  "auth.uid() <> user_id",
  "not (auth.uid() = user_id)",
  "(auth.uid() = user_id and progress = 0) is false",
  "public.holds(progress = 0 and auth.uid() = user_id and status = 'ready')",
  "progress = 0 and public.holds(auth.uid() = user_id)",
  "case when auth.uid() = user_id then true else progress = 0 end",
  "auth.uid() is not null",
  "user_id = public.uid()",
  "other_user_id = auth.uid()",
  `"(user_id" = auth.uid()`,
  "filename <> '(user_id = auth.uid())'",
  "filename = ' AND (user_id = auth.uid()) AND '",
  "exists (select from public.members m where m.user_id = auth.uid())",
  "exists (select from public.members where user_id = auth.uid() and progress = 0)",
];

/** The only policy for reading is `mine`, with this condition. */
const withCondition = (condition: string) => `
  create table public.members (user_id uuid);
  create function public.holds(boolean) returns boolean language sql as 'select true';
  create function public.uid() returns uuid language sql as 'select null::uuid';
  alter table public.files add column other_user_id uuid, add column "(user_id" uuid;
  drop policy "Owners read their files" on public.files;
  create policy mine on public.files for select to authenticated using (${condition});
  create policy writing on public.files for update to authenticated using (true);
  select file_events.adopt_policies();
`;

for (const condition of safe) {
  Deno.test(`check_installation.sql finds nothing in: ${condition}`, async () => {
    assert.deepEqual(await check(withCondition(condition)), []);
  });
}

for (
  const [what, code, conditions] of [
    ["further conditions", "policy-narrow", narrowed],
    ["what others may see by", "policy-wide", notForOwnersAlone],
  ] as const
) {
  for (const condition of conditions) {
    Deno.test(`check_installation.sql names ${what}: ${condition}`, async () => {
      const found = await check(withCondition(condition));
      assert.deepEqual(found.map(({ code }) => code), [code]);
      assert.match(found[0]!.problem, /^policy mine on /);
    });
  }
}

for (const command of ["select", "all"]) {
  const withRestrictive = (condition: string) => `
    create policy narrowing on public.files as restrictive for ${command} using (${condition});
    create policy writing on public.files as restrictive for update using (progress = 0);
  `;

  for (const condition of ["user_id = auth.uid()", "true"]) {
    Deno.test(`check_installation.sql finds nothing in a restrictive policy for ${command}: ${condition}`, async () => {
      assert.deepEqual(await check(withRestrictive(condition)), []);
    });
  }

  for (const condition of ["auth.jwt()->>'aal' = 'aal2'", narrowed[0]!, "false"]) {
    Deno.test(`check_installation.sql names a restrictive policy for ${command}: ${condition}`, async () => {
      const found = await check(withRestrictive(condition));
      assert.deepEqual(found.map(({ code }) => code), ["policy-narrow"]);
      assert.match(found[0]!.problem, /^policy narrowing on /);
    });
  }
}

/** A further policy that shows everything to one role, and an owners' one for a role. */
const wide = (role: string) =>
  `create policy wide on public.files for select to ${role} using (true);`;
const ownersAre = (role: string) =>
  `alter policy "Owners read their files" on public.files to ${role};`;
const second = (how: string) => `create policy second on public.files ${how};`;
const without = `drop policy "Owners read their files" on public.files;`;
const editors =
  "create role check_installation_editors; grant check_installation_editors to authenticated;";

for (
  const [what, changes, codes] of [
    ["ignores a policy for service_role", wide("service_role"), []],
    ["ignores a policy for anon, who gets no streams", wide("anon"), []],
    ["names a policy for everybody", wide("public"), ["policy-wide"]],
    ["names a policy for several roles", wide("anon, authenticated"), ["policy-wide"]],
    [
      "ignores a policy for a role whose rights authenticated doesn't inherit",
      editors + wide("check_installation_editors"),
      [],
    ],
    [
      "names a policy for a role whose rights authenticated inherits",
      `alter role authenticated inherit; ${editors} ${wide("check_installation_editors")}`,
      ["policy-wide"],
    ],
    ["names owners' reading as service_role alone", ownersAre("service_role"), ["policy-missing"]],
    ["names owners' reading as anon alone", ownersAre("anon"), ["policy-missing"]],
    ["takes owners' reading as anybody", ownersAre("public"), []],
    [
      "ignores a narrow policy beside one for owners, since permissive policies add up",
      second("for select using (user_id = auth.uid() and progress = 0)"),
      [],
    ],
    ["ignores a policy that shows nothing", second("for select using (false)"), []],
    ["ignores a policy without a condition", second("for select"), []],
    [
      "names owners' reading by no more than a policy without a condition",
      without + second("for select"),
      ["policy-missing"],
    ],
    [
      "ignores a wide policy that a restrictive one narrows to the owner",
      wide("authenticated") + second("as restrictive using (user_id = auth.uid())"),
      [],
    ],
    [
      "names what a restrictive one for owners leaves of a policy as narrow",
      without + second("for select using (status = 'ready')") +
      "create policy third on public.files as restrictive using (user_id = auth.uid());",
      ["policy-narrow"],
    ],
  ] as const
) {
  Deno.test(`check_installation.sql ${what}`, async () => {
    assert.deepEqual((await check(changes)).map(({ code }) => code), codes);
  });
}

for (
  const condition of [
    "created_at < now()",
    "created_at < current_timestamp - interval '1 day'",
    "created_at::date = current_date",
    "created_at < clock_timestamp()",
    "age(created_at) < interval '1 day'",
  ]
) {
  Deno.test(`check_installation.sql names a policy that depends on time: ${condition}`, async () => {
    const found = await check(withCondition(`user_id = auth.uid() and ${condition}`));
    const [time] = found.filter(({ code }) => code === "policy-time");
    assert.match(time!.problem, /^policy mine on /);
  });
}

Deno.test("check_installation.sql takes no text and no name for a time", async () => {
  const found = await check(
    `alter table public.files add column now text; ${
      withCondition("user_id = auth.uid() and now <> 'now() CURRENT_DATE'")
    }`,
  );
  assert.ok(!found.some(({ code }) => code === "policy-time"));
});

Deno.test("check_installation.sql names narrow policies only while live changes carry rows, and its cure is pings", async () => {
  const narrow = withCondition(narrowed[0]!);
  await owner.query(`begin; ${narrow}`);
  try {
    const [found] = await owner.query<{ code: string; cure: string }>(script);
    assert.equal(found!.code, "policy-narrow");
    await owner.query(found!.cure);
    assert.deepEqual(await owner.query(script), []);
  } finally {
    await owner.query("rollback");
  }
});

Deno.test("check_installation.sql names a policy that hides deletions, even if live changes are pings", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  await owner.query(`
    update file_events.state set live = 'pings' where singleton;
    create policy "No" on public.file_deletions as restrictive for select using (false);
  `);
  const found = await owner.query<{ code: string; problem: string }>(
    await readSql("scripts/check_installation.sql"),
  );
  assert.deepEqual(found.map(({ code }) => code), ["policy-narrow"]);
  assert.match(found[0]!.problem, /streams miss the deletions/);
});
