import assert from "node:assert/strict";
import { addFiles, setStage } from "./stage.ts";

// A session looks for types among its temporary objects first, unless a search path says otherwise.

Deno.test("no trigger runs what a writer's own types check with the rights of its owner", async () => {
  await using stage = await setStage({
    setUp: "create table public.caught (who text); grant insert on public.caught to public",
  });
  const { owner, user } = stage;
  await addFiles(owner, user, 2);
  await using writer = await stage.database.connectAs(user);
  const names = ["text", "uuid", "xid8", "jsonb", "regclass"];
  // stamp() compares six columns.
  await writer.query(
    names.map((name) => `
      create function pg_temp.on_${name}(value pg_catalog.${name}) returns boolean language plpgsql
        as $$ begin insert into public.caught values (current_user); return true; end $$;
      create domain pg_temp.${name} as pg_catalog.${name} check (pg_temp.on_${name}(value));
    `).join("") + `
      create type pg_temp.record as (
        a pg_temp.text, b pg_temp.text, c pg_temp.text, d integer, e pg_temp.text, f pg_temp.text
      );
    `,
  );
  for (const level of ["read committed", "repeatable read"]) {
    await writer.query(`begin isolation level ${level}`);
    await writer.query("insert into public.files (filename, file_type) values ('a', 'pdf')");
    await writer.query("update public.files set progress = progress + 1");
    await writer.query("update public.files set id = gen_random_uuid() where filename = 'a'");
    await writer.query("delete from public.files where filename = 'a'");
    await writer.query("commit");
  }
  const caught = await owner.query("select from public.caught where who <> 'authenticated'");
  assert.equal(caught.length, 0);
});
