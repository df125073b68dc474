import assert from "node:assert/strict";
import type { RealtimeChannel } from "@supabase/supabase-js";
import { broadcastSource } from "../../../supabase/functions/file-events/realtime/broadcast_source.ts";
import type { FeedMessage } from "../../../supabase/functions/file-events/stream/file_feed.ts";
import { USER_ID } from "../../support/access_tokens.ts";
import { fileId } from "../../support/example_change.ts";

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

/** What the source makes of a broadcast. */
function hear(event: string, payload: unknown): FeedMessage[] {
  const messages: FeedMessage[] = [];
  const channel = {
    on(_type: string, filter: { event: string }, callback: (message: unknown) => void) {
      if (filter.event === event) callback({ type: "broadcast", event, payload });
      return channel;
    },
  };
  broadcastSource.listen(channel as unknown as RealtimeChannel, USER_ID, (it) => messages.push(it));
  return messages;
}

Deno.test("broadcastSource listens to the user's private topic", () => {
  assert.equal(broadcastSource.topic(USER_ID), `files:${USER_ID}`);
  assert.equal(broadcastSource.options.config.private, true);
});

Deno.test("broadcastSource hears updates and deletions", () => {
  const [update] = hear("change", { operation: "update", file: ROW });
  assert.ok(update?.kind === "change" && !update.change.deleted);
  assert.equal(update.change.file.filename, "document.pdf");
  const { id, revision, changed_in } = ROW;
  const [deletion] = hear("change", { operation: "delete", file: { id, revision, changed_in } });
  assert.deepEqual(deletion, {
    kind: "change",
    change: { id, revision: 4, changedIn: 26508n, deleted: true },
  });
});

Deno.test("broadcastSource takes what names no change for a hint", async (t) => {
  const { error_message: _, ...lacking } = ROW;
  const payloads: [string, unknown][] = [
    ["change", { operation: "update", file: lacking }],
    ["change", { operation: "update", file: { id: ROW.id } }],
    ["change", { operation: "delete", file: { id: ROW.id } }],
    ["change", {}],
    ["change", undefined],
    ["many", { id: ROW.id }],
    ["many", undefined],
  ];
  for (const [event, payload] of payloads) {
    await t.step(`${event} ${JSON.stringify(payload)}`, () => {
      assert.deepEqual(hear(event, payload), [{ kind: "hint" }]);
    });
  }
});

Deno.test("broadcastSource is confirmed by the replication connection, not by postgres_changes", () => {
  const system = { extension: "system", status: "ok", channel: "c", message: "" } as const;
  assert.equal(broadcastSource.confirms(system), true);
  assert.equal(broadcastSource.confirms({ ...system, status: "error" }), false);
  assert.equal(broadcastSource.confirms({ ...system, extension: "postgres_changes" }), false);
});
