import assert from "node:assert/strict";
import { server } from "../support/test_server.ts";
import { createSupabaseDatabase, createUser } from "../../local/postgres/supabase_database.ts";
import { takeMessages } from "./take_messages.ts";

Deno.test("file_events has no function that a client may execute, but what the query of the client needs", async () => {
  await using database = await createSupabaseDatabase(server);
  await using owner = await database.connect();
  const functions = await owner.query<
    { name: string; role: string; allowed: boolean; guarded: boolean }
  >(`
    select p.oid::regprocedure::text as name, role,
      has_function_privilege(role, p.oid, 'execute') as allowed,
      not p.prosecdef or p.proconfig::text like '%search_path=%' as guarded
    from pg_proc p, unnest(array['anon', 'authenticated']) role
    where p.pronamespace = 'file_events'::regnamespace
  `);
  assert.ok(functions.some(({ name }) => name === "file_events.broadcast()"));
  for (const { name, role, allowed, guarded } of functions) {
    const isNeeded = /\.(to_ids|cut|try_cut|own_changes)\(/.test(name);
    assert.equal(allowed, isNeeded && (role === "authenticated" || name.includes("cut(")), name);
    assert.equal(guarded, true, name);
  }
});

/** What would run as the function's owner notes whose rights it has. */
const notesItsRights = `
  create table public.caught (who text);
  grant insert on public.caught to public;
  grant create on schema public to authenticated;
  alter default privileges grant execute on functions to public;
`;
const evil = (schema: string, signature: string, returns: string, value: string) =>
  `create function ${schema}.${signature} returns ${returns} language plpgsql as
    $$ begin insert into public.caught values (current_user); return ${value}; end $$;`;

for (
  const [what, objects] of [
    [
      "types",
      ["uuid", "jsonb", "text"].map((type) =>
        evil("pg_temp", `on_${type}(value pg_catalog.${type})`, "boolean", "true") +
        `create domain pg_temp.${type} as pg_catalog.${type} check (pg_temp.on_${type}(value));`
      ).join("\n"),
    ],
    [
      "tables",
      `create temporary table changed_files (id uuid, user_id uuid);
      create temporary table old_files (like changed_files);
      create temporary table new_files (like public.files);
      insert into new_files select * from public.files;
      create temporary table files (like public.files);
      create temporary table file_deletions (like public.file_deletions);
      create temporary table messages (topic text, extension text);`,
    ],
    [
      "functions and operators",
      ["public", "pg_temp"].map((schema) =>
        evil(schema, "jsonb_build_object(variadic text[])", "jsonb", "'{}'::jsonb") +
        evil(schema, "array_length(uuid[], integer)", "integer", "0") +
        evil(schema, '"left"(text, integer)', "text", "'tricked'") +
        evil(schema, "to_regprocedure(text)", "regprocedure", "null") +
        evil(schema, "differs(uuid, uuid)", "boolean", "true") +
        evil(schema, "joined(text, uuid)", "text", "'files:tricked'") +
        `create operator ${schema}.= (leftarg = uuid, rightarg = uuid,
          function = ${schema}.differs);
        create operator ${schema}.|| (leftarg = text, rightarg = uuid,
          function = ${schema}.joined);`
      ).join("\n"),
    ],
  ] as const
) {
  Deno.test(`broadcast() is not fooled by a caller's own ${what}`, async () => {
    await using database = await createSupabaseDatabase(server);
    await using owner = await database.connect();
    const notices: string[] = [];
    await owner.query(notesItsRights);
    const user = await createUser(owner);
    // A session of its own compiles the function anew, with those objects around.
    await using writer = await database.connectAs(user, { onNotice: (text) => notices.push(text) });
    await writer.query(`set search_path = pg_temp, public, pg_catalog; ${objects}`);
    await writer.query(
      "insert into public.files (filename, file_type) values ('a', 'pdf'), ('b', 'pdf')",
    );
    await writer.query(
      "update public.files set progress = 5 where filename = 'a'::pg_catalog.text",
    );
    await writer.query("delete from public.files where filename = 'a'::pg_catalog.text");
    await writer.query(`insert into public.files (filename, file_type)
      select i, 'pdf' from generate_series(1, 60) i`);
    const told = (await takeMessages(owner)).map(({ topic, event, payload }) =>
      `${topic} ${payload.operation ?? event} ${payload.file?.progress ?? ""}`
    );
    assert.deepEqual(told, [
      `files:${user} update 0`,
      `files:${user} update 0`,
      `files:${user} update 5`,
      `files:${user} delete `,
      `files:${user} ping `,
    ]);
    const caught = await owner.query<{ who: string }>("select distinct who from public.caught");
    assert.deepEqual(caught.filter(({ who }) => who !== "authenticated"), []);
    assert.deepEqual(notices.filter((notice) => notice.includes("file-events")), []);
  });
}
