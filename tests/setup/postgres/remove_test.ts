import assert from "node:assert/strict";
import { call } from "../call.ts";
import { temporaryProject } from "../temporary_project.ts";
import { databaseWith } from "./database_with.ts";

Deno.test("remove --database-url deletes migrations that were never applied", async () => {
  await using database = await databaseWith(`
    create schema supabase_migrations;
    create table supabase_migrations.schema_migrations (version text primary key);
    insert into supabase_migrations.schema_migrations values ('20200101000000')`);
  await using project = await temporaryProject({
    "supabase/config.toml": "",
    "supabase/migrations/20200101000000_mine.sql": "select 1;\n",
  });
  const before = await project.files();
  await call(project, "add", "--new-table", "--yes");
  const { errors } = await call(project, "remove", "--database-url", database.url, "--yes");
  assert.equal(errors, "");
  assert.deepEqual(await project.files(), before);
});

Deno.test("remove --database-url writes a migration if one of ours was applied", async () => {
  await using database = await databaseWith(`
    create schema supabase_migrations;
    create table supabase_migrations.schema_migrations (version text primary key)`);
  await using project = await temporaryProject();
  await call(project, "add", "--new-table", "--yes");
  const [path] = Object.keys(await project.files()).filter((path) => /\d_file_events/.test(path));
  await using owner = await database.connect();
  await owner.query("insert into supabase_migrations.schema_migrations values ($1)", [
    path!.match(/\d{14}/)![0],
  ]);
  await call(project, "remove", "--database-url", database.url, "--yes");
  const removal = Object.keys(await project.files()).filter((path) => /_remove_/.test(path));
  assert.equal(removal.length, 1);
});
