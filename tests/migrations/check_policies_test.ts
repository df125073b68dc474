import assert from "node:assert/strict";
import { startPostgres } from "../database/postgres_server.ts";
import { createSupabaseDatabase, readSql } from "../database/supabase_database.ts";

const server = await startPostgres();
const database = await createSupabaseDatabase(server);
const owner = await database.connect();
Deno.test.afterAll(async () => {
  await owner.close();
  await database[Symbol.asyncDispose]();
  await server.stop();
});

const script = await readSql("opt_in/check_policies.sql");

/** What `check_policies.sql` finds after these changes to the project's own migration. */
async function check(changes: string): Promise<{ policy: string | null; problem: string }[]> {
  await owner.query(`begin; ${changes}`);
  try {
    return await owner.query(script);
  } finally {
    await owner.query("rollback");
  }
}

const MAY_SHOW_TO_OTHERS = /^may show rows to others than their owner: /;
const NARROWED =
  /^broadcast goes by ownership alone, only FILE_EVENTS_SOURCE=postgres_changes obeys all of: /;

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
  drop policy "Owners read their files" on public.files;
  create policy mine on public.files for select to authenticated using (${condition});
  create policy writing on public.files for update to authenticated using (true);
`;

for (const condition of safe) {
  Deno.test(`check_policies.sql finds nothing in: ${condition}`, async () => {
    assert.deepEqual(await check(withCondition(condition)), []);
  });
}

for (
  const [what, problem, conditions] of [
    ["further conditions", NARROWED, narrowed],
    ["what others may see by", MAY_SHOW_TO_OTHERS, notForOwnersAlone],
  ] as const
) {
  for (const condition of conditions) {
    Deno.test(`check_policies.sql names ${what}: ${condition}`, async () => {
      const found = await check(withCondition(condition));
      assert.deepEqual(found.map(({ policy }) => policy), ["mine"]);
      assert.match(found[0]!.problem, problem);
    });
  }
}

for (const command of ["select", "all"]) {
  const withRestrictive = (condition: string) => `
    create policy narrowing on public.files as restrictive for ${command} using (${condition});
    create policy writing on public.files as restrictive for update using (progress = 0);
  `;

  for (const condition of ["user_id = auth.uid()", "true"]) {
    Deno.test(`check_policies.sql finds nothing in a restrictive policy for ${command}: ${condition}`, async () => {
      assert.deepEqual(await check(withRestrictive(condition)), []);
    });
  }

  for (const condition of ["auth.jwt()->>'aal' = 'aal2'", narrowed[0]!, "false"]) {
    Deno.test(`check_policies.sql names a restrictive policy for ${command}: ${condition}`, async () => {
      const found = await check(withRestrictive(condition));
      assert.deepEqual(found.map(({ policy }) => policy), ["narrowing"]);
      assert.match(found[0]!.problem, NARROWED);
    });
  }
}

Deno.test("check_policies.sql finds nothing in the project's own migration", async () => {
  assert.deepEqual(await check(""), []);
});

Deno.test("check_policies.sql knows auth.uid() by the name that the session has for it", async () => {
  assert.deepEqual(await check("set local search_path = auth, public"), []);
});

Deno.test("check_policies.sql names a table without row level security, or without policies", async () => {
  const found = await check(`
    alter table public.files disable row level security;
    drop policy "Owners read their files" on public.files;
  `);
  assert.equal(found.length, 2);
  assert.match(found.map(({ problem }) => problem).join(), /security is off/);
  assert.match(found.map(({ problem }) => problem).join(), /no policy/);
});
