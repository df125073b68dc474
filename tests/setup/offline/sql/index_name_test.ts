import assert from "node:assert/strict";
import { indexName } from "../../../../setup/sql/index_name.ts";

Deno.test("indexName() joins a name that is short enough", async () => {
  assert.equal(await indexName(["files", "user_id", "revision"]), "files_user_id_revision_idx");
});

Deno.test("indexName() cuts a long name at 63 bytes, never inside a character", async () => {
  const name = await indexName(["ö".repeat(31), "owner"]);
  assert.match(name, /^ö{27}_[0-9a-f]{8}$/);
});

Deno.test("indexName() gives long names that begin alike names of their own", async () => {
  const table = "a".repeat(63);
  assert.notEqual(await indexName([table, "owner"]), await indexName([table, "author"]));
});
