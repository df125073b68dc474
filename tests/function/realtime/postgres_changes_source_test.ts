import assert from "node:assert/strict";
import { postgresChangesSource } from "../../../supabase/functions/file-events/realtime/postgres_changes_source.ts";
import { USER_ID } from "../../support/access_tokens.ts";
import { fileId } from "../../support/example_change.ts";
import { until } from "../../support/until.ts";
import { subscribeFeed, subscribeLive } from "./subscribe_feed.ts";
import { testWithServer as test } from "./realtime_server.ts";

const ROW = {
  id: fileId(1),
  user_id: USER_ID,
  filename: 'a "quoted"\n🦊.pdf',
  file_type: "application/pdf",
  status: "processing",
  progress: 50,
  processing_stage: "compression",
  error_message: null,
  revision: 4,
  changed_in: "26508",
};

test("postgresChangesSource asks for the caller's rows only", async (server) => {
  const { nextJoin } = subscribeFeed(postgresChangesSource, server);
  const { topic, payload } = await nextJoin();
  assert.equal(topic, `realtime:files-${USER_ID}`);
  const filter = `user_id=eq.${USER_ID}`;
  assert.deepEqual(payload.config.postgres_changes, [
    { event: "*", schema: "public", table: "files", filter },
    { event: "INSERT", schema: "public", table: "file_deletions", filter },
  ]);
});

test("postgresChangesSource brings inserts, updates and deletions", async (server) => {
  const { messages, join } = await subscribeLive(postgresChangesSource, server);
  join.change("files", "INSERT", ROW);
  join.change("files", "UPDATE", { ...ROW, progress: 60, revision: 5 });
  const tombstone = { id: ROW.id, user_id: USER_ID, revision: 6, changed_in: "26512" };
  join.change("file_deletions", "INSERT", tombstone);
  await until(() => messages.length === 4);
  const changes = messages.slice(1).map((message) => {
    assert.ok(message.kind === "change");
    const { change } = message;
    return change.deleted ? ["deleted", change.revision] : [change.file.progress, change.revision];
  });
  assert.deepEqual(changes, [[50, 4], [60, 5], ["deleted", 6]]);
});

test("postgresChangesSource sees columns of the user's own in 'extra' and 'final'", async (server) => {
  const { messages, join } = await subscribeLive(postgresChangesSource, server);
  join.change("files", "INSERT", { ...ROW, extra: { secret: 1 }, final: true });
  await until(() => messages.length === 2);
  const [, message] = messages;
  assert.ok(message?.kind === "change" && !message.change.deleted);
  assert.equal("secret" in message.change.file, false);
  assert.equal(message.change.isFinal, ROW.status === "ready");
});

test("postgresChangesSource ignores a DELETE, which anybody's row can cause", async (server) => {
  const { messages, kinds, join } = await subscribeLive(postgresChangesSource, server);
  join.change("files", "DELETE", undefined);
  join.change("files", "INSERT", ROW);
  await until(() => messages.length === 2);
  assert.deepEqual(kinds(), ["live", "change"]);
});

test("postgresChangesSource takes no broadcast for a change, because anybody can send one", async (server) => {
  const { messages, kinds, join } = await subscribeLive(postgresChangesSource, server);
  const data = { table: "files", type: "INSERT", record: ROW };
  join.broadcast("postgres_changes", { ids: [1], data });
  join.change("files", "INSERT", ROW);
  await until(() => messages.length === 2);
  assert.deepEqual(kinds(), ["live", "change"]);
});

test("postgresChangesSource turns a row that lacks fields into a hint", async (server) => {
  const { messages, kinds, join } = await subscribeLive(postgresChangesSource, server);
  const { error_message: _, ...lacking } = ROW;
  join.change("files", "UPDATE", lacking, ["Error 413: Payload Too Large"]);
  join.change("file_deletions", "INSERT", { id: ROW.id });
  await until(() => messages.length === 3);
  assert.deepEqual(kinds(), ["live", "hint", "hint"]);
});

Deno.test("postgresChangesSource is confirmed by an ok of postgres_changes", () => {
  const system = { extension: "postgres_changes", status: "ok" };
  assert.equal(postgresChangesSource.confirms(system), true);
  assert.equal(postgresChangesSource.confirms({ ...system, status: "error" }), false);
  assert.equal(postgresChangesSource.confirms({ ...system, extension: "system" }), false);
});
