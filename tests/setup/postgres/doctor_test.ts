import assert from "node:assert/strict";
import { checkInstallation } from "../../../setup/doctor/check_installation.ts";
import { connectDatabase } from "../../../setup/doctor/database.ts";
import { createDatabaseWriter } from "../../../setup/doctor/database_writer.ts";
import { databaseLink } from "../../../setup/doctor/links/database.ts";
import type { Visit } from "../../../setup/doctor/visit.ts";
import { DEFAULT_MAPPING, type TableMapping } from "../../../setup/mapping/table_mapping.ts";
import { databaseWith } from "./database_with.ts";

const orders: TableMapping = {
  ...DEFAULT_MAPPING,
  ...{ table: "Order Items", id: "no", idType: "bigint", owner: "user" },
};
const user = "11111111-1111-4111-8111-111111111111";

Deno.test("createDatabaseWriter() writes to a table of any name, in its columns' types", async () => {
  await using project = await databaseWith(`
    create type mood as enum ('new', 'done');
    create table public."Order Items" (
      "no" bigint generated always as identity, "user" uuid, state mood, tags text[]
    )`);
  const database = await connectDatabase(project.url, { timeoutMs: 10_000 });
  const read = () =>
    database.query('select "user", state, to_jsonb(tags) as tags from public."Order Items"');
  try {
    const writer = createDatabaseWriter(database, orders);
    const row = { user, state: "new", tags: ["a", "b"] };
    const inserted = await writer.insert(row, { id: undefined });
    assert.deepEqual([inserted.result, inserted.ids], ["done", ["1"]]);
    assert.deepEqual(await read(), [row]);

    const place = { column: "no", value: "1" };
    assert.deepEqual((await writer.update(place, { state: "done" })).ids, ["1"]);
    assert.deepEqual(await read(), [{ ...row, state: "done" }]);
    assert.equal((await writer.update(place, { state: "sad" })).result, "refused");

    assert.deepEqual((await writer.remove(place)).ids, ["1"]);
    assert.deepEqual(await read(), []);
    assert.deepEqual((await writer.remove(place)).ids, []);
  } finally {
    await database.close();
  }
});

Deno.test("checkInstallation() finds a schema of another version, and none without one", async () => {
  await using project = await databaseWith(`
    create schema file_events;
    create table file_events.state (schema_version integer);
    insert into file_events.state values (99)`);
  const database = await connectDatabase(project.url, { timeoutMs: 10_000 });
  try {
    const { version, findings } = await checkInstallation(database, DEFAULT_MAPPING);
    assert.deepEqual([version, findings[0]?.code], [99, "schema-other-version"]);
    await database.query("drop schema file_events cascade");
    assert.equal((await checkInstallation(database, DEFAULT_MAPPING)).version, undefined);
  } finally {
    await database.close();
  }
});

Deno.test("the link to a database that refuses the URL says so without the URL", async () => {
  const databaseUrl = "postgres://somebody:very-secret@127.0.0.1:1/nowhere";
  const verdict = await databaseLink.check({
    complaint: { databaseUrl, mapping: DEFAULT_MAPPING },
    effects: { connectDatabase },
    waits: { requestMs: 5_000 },
    signal: new AbortController().signal,
  } as unknown as Visit);
  assert.deepEqual(verdict, {
    status: "broken",
    code: "database-refused",
    detail: "error ECONNREFUSED",
  });
});
