import assert from "node:assert/strict";
import type { Script } from "../../../local/database.ts";
import { changesSince } from "../../../local/postgres/changes_since.ts";
import { createUser } from "../../../local/postgres/supabase_database.ts";
import { readMapping } from "../../../setup/mapping/read_mapping.ts";
import type { TableMapping } from "../../../setup/mapping/table_mapping.ts";
import { renderScript } from "../../../setup/sql/render.ts";
import { EventStream } from "../../support/event_stream.ts";
import { mintTestUser } from "../../support/test_user.ts";
import { call } from "../call.ts";
import { DATABASE_URL, openConsultingRoom } from "../doctor/consulting_room.ts";
import { databaseWith } from "../postgres/database_with.ts";
import { type TemporaryProject, temporaryProject } from "../temporary_project.ts";
import { SCHEMAS, type Streamed, type UserSchema } from "./schemas.ts";

// Each schema goes the way of a new user: `add` reads it on a real PostgreSQL, the migrations that it
// wrote are applied there and in the embedded Supabase, the doctor looks, and a stream is read.

for (const schema of SCHEMAS) {
  const { expected } = schema;
  if ("refused" in expected) {
    Deno.test(`add refuses the schema of ${schema.name}, in one sentence`, async () => {
      await assertRefused(schema, expected.refused);
    });
  } else {
    Deno.test(`the schema of ${schema.name} is streamed`, async (t) => {
      await assertStreamed(t, schema, expected);
    });
  }
}

async function assertRefused({ sql, flags }: UserSchema, code: string): Promise<void> {
  await using database = await databaseWith(sql);
  await using project = await temporaryProject();
  const before = await project.files();
  const result = await call(project, "add", ...flags, "--database-url", database.url, "--yes");
  assert.equal(result.code, 1, result.output);
  assert.match(result.errors, new RegExp(`^[^\n]+ \\(${code}\\)$`));
  assert.deepEqual(await project.files(), before);
}

async function assertStreamed(
  t: Deno.TestContext,
  schema: UserSchema,
  expected: Streamed,
): Promise<void> {
  await using project = await temporaryProject();
  const migrations: Script[] = [];
  let mapping!: TableMapping;
  await t.step("add maps it, and PostgreSQL finds each change", async () => {
    await using database = await databaseWith(schema.sql);
    const result = await call(
      project,
      ...["add", ...schema.flags, "--database-url", database.url, "--yes"],
    );
    assert.equal(result.code, 0, result.errors);
    const live = {
      rows: /^Live changes come with the row,/m,
      pings: /^Live changes come as a ping,/m,
    };
    assert.match(result.output, live[expected.live]);
    migrations.push(...await migrationsOf(project));
    mapping = migrations.flatMap(({ sql }) => readMapping(sql)?.mapping ?? [])[0]!;
    assert.deepEqual({ ...mapping, ...expected.mapping }, mapping);

    await using owner = await database.connect();
    for (const { sql } of migrations) await owner.query(sql);
    const [state] = await owner.query("select live from file_events.state");
    assert.deepEqual(state, { live: expected.live });
    assert.deepEqual(await owner.query(await renderScript("check_installation", mapping)), []);
    const user = await createUser(owner);
    await using reader = await database.connectAs(user);
    const write = (sql: string) => owner.query(sql.replaceAll("$1", `'${user}'`));
    const empty = await changesSince(reader, null);
    await write(expected.insert);
    const first = await changesSince(reader, empty.cursor);
    assert.equal(first.files.length, 1);
    await write(expected.delete);
    const second = await changesSince(reader, first.cursor);
    assert.deepEqual(second.deletions.map(({ id }) => id), [first.files[0]!.id]);
  });

  const schemaScript = { name: "the schema", sql: schema.sql };
  await using room = await openConsultingRoom({ scripts: [schemaScript, ...migrations], mapping });
  await t.step("the doctor finds nothing wrong", async () => {
    const report = await room.examine({ complaint: { databaseUrl: DATABASE_URL } });
    assert.ok(report.healthy, JSON.stringify(report.links, null, 1));
    assert.equal(report.canary.left, false);
  });

  await t.step("a stream brings each change", async () => {
    const { stack } = room;
    const { id, token } = await mintTestUser(stack);
    const write = (sql: string) => stack.database.execute(sql.replaceAll("$1", `'${id}'`));
    await using stream = await EventStream.open(`${stack.url}/functions/v1/file-events`, {
      authorization: `Bearer ${token}`,
    });
    await stream.next(({ eventType }) => eventType === "ready", "ready");
    await write(expected.insert);
    const inserted = await stream.next(({ eventType }) => eventType === "file-update", "the row");
    assert.deepEqual({ ...inserted.file, ...expected.inserted }, inserted.file);
    assert.equal(typeof inserted.file!.id, "string");
    await write(expected.update);
    const updated = await stream.next(({ eventType }) => eventType === "file-update", "the change");
    assert.deepEqual({ ...updated.file, ...expected.updated }, updated.file);
    await write(expected.delete);
    const gone = await stream.next(({ eventType }) => eventType === "file-deleted", "the deletion");
    assert.equal(gone.file!.id, inserted.file!.id);
  });
}

/** The migrations that `add` has written, in order. */
async function migrationsOf(project: TemporaryProject): Promise<Script[]> {
  return Object.entries(await project.files())
    .filter(([path]) => path.startsWith("supabase/migrations/"))
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([name, sql]) => ({ name, sql }));
}
