import assert from "node:assert/strict";
import { mintToken } from "../../local/mint_token.ts";
import { guideSql } from "../support/guide_sql.ts";
import { isDeletion, isType, isUpdate } from "../support/event_predicates.ts";
import { runScenarios, type Scenario } from "./scenario.ts";
import { startStackWith } from "./start_stack_with.ts";

// The files of a project that asks for more than ownership. No catch-up comes in time, so what arrives
// was announced by a ping.
const resyncMembers = guideSql("What a policy begins to hide or to show")
  .find((sql) => sql.includes("resync_members"))!;
const POLICIES = `
  create table public.memberships (
    user_id uuid references auth.users (id) on delete cascade, project_id integer,
    primary key (user_id, project_id)
  );
  alter table public.memberships enable row level security;
  create policy "Mine" on public.memberships for select to authenticated
    using (user_id = (select auth.uid()));
  grant select on public.memberships to authenticated;
  alter table public.files add quarantined boolean not null default false, add project_id integer;
  create policy "Not in quarantine" on public.files as restrictive for select to authenticated
    using (not quarantined);
  create policy "Secrets ask for a second factor" on public.files as restrictive for select
    to authenticated
    using (filename <> 'secret' or (select auth.jwt() ->> 'aal') = 'aal2');
  create policy "Members" on public.files as restrictive for select to authenticated
    using (project_id is null or exists (
      select from public.memberships m
      where m.project_id = files.project_id and m.user_id = (select auth.uid())
    ));
  ${resyncMembers}
  update file_events.state set live = 'pings' where singleton;
  select file_events.adopt_policies();
`;

const done = { status: "ready", progress: 100 };

Deno.test("with pings live changes obey each policy as a select does", async (t) => {
  await using stack = await startStackWith(POLICIES);
  const write = (sql: string, ...parameters: unknown[]) => stack.database.query(sql, parameters);
  const scenarios: Scenario[] = [
    {
      name: "a secret reaches the stream of a token with aal2, and leaves the other",
      async run(stage) {
        const user = await stage.user();
        const id = await user.insert(done);
        const authorization = `Bearer ${await mintToken(user.id, { aal: "aal2" })}`;
        const [weak, strong] = [
          await stage.ready(user),
          await stage.ready(user, { authorization }),
        ];
        await write("update public.files set filename = 'secret' where id = $1", id);
        await strong.next(isUpdate(id, { filename: "secret" }), "the secret");
        await weak.next(isDeletion(id), "its deletion");
        await write("update public.files set progress = 7 where id = $1", id);
        await strong.next(isUpdate(id, { progress: 7 }), "the secret's change");
        await stage.caughtUp(user, weak);
        assert.ok(weak.events.every(({ file }) => file?.filename !== "secret"));
      },
    },
    {
      name: "a file goes into quarantine and comes out of it",
      async run(stage) {
        const user = await stage.user();
        const id = await user.insert(done);
        const stream = await stage.ready(user);
        for (let time = 0; time < 2; time++) {
          await write("update public.files set quarantined = true where id = $1", id);
          await stream.next(isDeletion(id), "its deletion");
          await write("update public.files set quarantined = false where id = $1", id);
          await stream.next(isUpdate(id), "the file again");
        }
      },
    },
    {
      name: "a membership shows the files of a project, and its end hides them",
      async run(stage) {
        const user = await stage.user();
        const id = await user.insert({ ...done });
        await write("update public.files set project_id = 1 where id = $1", id);
        const stream = await stage.ready(user);
        assert.ok(!stream.events.some(({ file }) => file?.id === id));
        await write("insert into public.memberships values ($1, 1)", user.id);
        await stream.next(isType("reset"), "a reset");
        await stream.next(isUpdate(id), "the file");
        await write("delete from public.memberships where user_id = $1", user.id);
        await stream.next(isType("reset"), "another reset");
        await stage.caughtUp(user, stream);
        const reset = stream.events.findLastIndex(isType("reset"));
        assert.ok(!stream.events.slice(reset).some(({ file }) => file?.id === id));
      },
    },
  ];
  await runScenarios(t, { scenarios, target: stack });
});
