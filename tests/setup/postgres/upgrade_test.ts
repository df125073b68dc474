import assert from "node:assert/strict";
import { call } from "../call.ts";
import { temporaryProject } from "../temporary_project.ts";
import { databaseWith } from "./database_with.ts";

Deno.test("upgrade --database-url says whether the database has what the project has", async () => {
  await using database = await databaseWith(
    "create table docs (id uuid primary key, user_id uuid)",
  );
  await using project = await temporaryProject();
  await call(project, "add", "--database-url", database.url, "--yes");
  const before = await call(project, "upgrade", "--database-url", database.url);
  assert.match(before.output, /no file-events so far[^]*run supabase db push/);

  await using owner = await database.connect();
  const migrations = Object.entries(await project.files())
    .filter(([path]) => path.startsWith("supabase/migrations/")).sort();
  for (const [, sql] of migrations) await owner.query(sql);
  const after = await call(project, "upgrade", "--database-url", database.url);
  assert.match(after.output, /has file-events with schema version 1/);
  assert.match(after.output, /Nothing to do/);
  assert.doesNotMatch(after.output, /db push/);
});

Deno.test("upgrade --database-url refuses a table that has lost a streamed column", async () => {
  await using database = await databaseWith(
    "create table docs (id uuid primary key, user_id uuid, title text)",
  );
  await using project = await temporaryProject();
  await call(project, "add", "--database-url", database.url, "--yes");
  await using owner = await database.connect();
  await owner.query("alter table docs drop column title");
  const { errors } = await call(project, "upgrade", "--database-url", database.url);
  assert.match(errors, /no column "title".*\(column-missing\)$/);
});
