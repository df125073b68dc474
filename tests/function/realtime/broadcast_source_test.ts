import assert from "node:assert/strict";
import { broadcastSource } from "../../../supabase/functions/file-events/realtime/broadcast_source.ts";
import { USER_ID } from "../../support/access_tokens.ts";
import { fileId } from "../../support/example_change.ts";
import { until } from "../../support/until.ts";
import { subscribeFeed } from "./subscribe_feed.ts";
import { testWithServer as test } from "./realtime_server.ts";

const ROW = {
  id: fileId(1),
  filename: "document.pdf",
  file_type: "application/pdf",
  status: "ready",
  progress: 100,
  processing_stage: null,
  error_message: null,
  revision: 4,
  changed_in: "26508",
};

test("broadcastSource joins the user's private topic, and asks for a confirmation", async (server) => {
  const { nextJoin } = subscribeFeed(broadcastSource, server);
  const { topic, payload: { config } } = await nextJoin();
  assert.equal(topic, `realtime:files:${USER_ID}`);
  assert.equal(config.private, true);
  assert.equal(config.broadcast.replication_ready, true);
});

test("broadcastSource brings updates and deletions", async (server) => {
  const { messages, nextJoin } = subscribeFeed(broadcastSource, server);
  const join = await nextJoin();
  join.accept();
  join.broadcast("change", { operation: "update", file: ROW });
  const { id, revision, changed_in } = ROW;
  join.broadcast("change", { operation: "delete", file: { id, revision, changed_in } });
  await until(() => messages.length === 2);
  const [update, deletion] = messages;
  assert.ok(update?.kind === "change" && !update.change.deleted);
  assert.equal(update.change.file.filename, "document.pdf");
  const change = { id, revision: 4, changedIn: 26508n, deleted: true };
  assert.deepEqual(deletion, { kind: "change", change });
});

test("broadcastSource brings pings", async (server) => {
  const { messages, nextJoin } = subscribeFeed(broadcastSource, server);
  const join = await nextJoin();
  join.accept();
  join.broadcast("ping", { changed_in: "18446744073709551615" });
  join.broadcast("many", { changed_in: "26508" });
  await until(() => messages.length === 2);
  assert.deepEqual(messages, [
    { kind: "ping", changedIn: 18446744073709551615n, concernsMany: false },
    { kind: "ping", changedIn: 26508n, concernsMany: true },
  ]);
});

test("broadcastSource takes no other event for a change", async (server) => {
  const { messages, nextJoin } = subscribeFeed(broadcastSource, server);
  const join = await nextJoin();
  join.accept();
  join.broadcast("other", { operation: "update", file: ROW });
  join.change("files", "INSERT", ROW);
  join.broadcast("many", {});
  await until(() => messages.length === 1);
  assert.deepEqual(messages, [{ kind: "hint" }]);
});

const { error_message: _, ...lacking } = ROW;
const HINTS: [event: string, payload: unknown][] = [
  ["change", { operation: "update", file: lacking }],
  ["change", { operation: "delete", file: { id: ROW.id } }],
  ["change", {}],
  ["change", undefined],
  ["many", {}],
  ["many", undefined],
  ["ping", { changed_in: "-1" }],
  ["ping", undefined],
];
for (const [event, payload] of HINTS) {
  test(`broadcastSource turns "${event}" ${JSON.stringify(payload)} into a hint`, async (server) => {
    const { messages, nextJoin } = subscribeFeed(broadcastSource, server);
    const join = await nextJoin();
    join.accept();
    join.broadcast(event, payload);
    await until(() => messages.length === 1);
    assert.deepEqual(messages, [{ kind: "hint" }]);
  });
}

Deno.test("broadcastSource reads broadcasts only", () => {
  assert.deepEqual(broadcastSource.read("broadcast", { event: "many" }), { kind: "hint" });
  assert.equal(broadcastSource.read("presence_diff", { event: "many" }), undefined);
  assert.equal(broadcastSource.read("broadcast", null), undefined);
});

Deno.test("broadcastSource is confirmed by the replication connection, not by postgres_changes", () => {
  const system = { extension: "system", status: "ok" };
  assert.equal(broadcastSource.confirms(system), true);
  assert.equal(broadcastSource.confirms({ ...system, status: "error" }), false);
  assert.equal(broadcastSource.confirms({ ...system, extension: "postgres_changes" }), false);
});

Deno.test("broadcastSource takes no object for a transaction", () => {
  for (const changed_in of [{ toString: null }, ["5"], true]) {
    const ping = { event: "ping", payload: { changed_in } };
    assert.deepEqual(broadcastSource.read("broadcast", ping), { kind: "hint" });
    const file = { id: "a", revision: 1, changed_in };
    const change = { event: "change", payload: { operation: "delete", file } };
    assert.deepEqual(broadcastSource.read("broadcast", change), { kind: "hint" });
  }
});
