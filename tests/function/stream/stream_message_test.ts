import assert from "node:assert/strict";
import {
  renderClosing,
  renderEntry,
} from "../../../supabase/functions/file-events/stream/stream_message.ts";
import { deleted, fileId, updated } from "../../support/example_change.ts";

const NOW = Date.parse("2026-11-23T10:30:00.000Z");
const timestamp = "2026-11-23T10:30:00.000Z";

/** A message with its data parsed. Its event type is the same beside the data and in it. */
function parsed({ eventType, data, ...rest }: ReturnType<typeof renderEntry>) {
  const json = JSON.parse(data);
  assert.equal(eventType, json.eventType);
  return { ...rest, data: json };
}

Deno.test("renderEntry() renders a file's new state in the seed's format", () => {
  const change = updated({
    id: fileId(1),
    revision: 812,
    status: "processing",
    progress: 50,
    processing_stage: "compression",
  });
  assert.deepEqual(parsed(renderEntry({ kind: "change", change }, NOW)), {
    data: {
      eventType: "file-update",
      timestamp,
      file: {
        id: fileId(1),
        filename: "document.pdf",
        file_type: "application/pdf",
        status: "processing",
        progress: 50,
        processing_stage: "compression",
        error_message: null,
        created_at: null,
        revision: 812,
      },
    },
  });
});

Deno.test("renderEntry() renders extra columns beside the fields of a file", () => {
  const change = updated({ extra: { page_count: 3, tags: ["a"] } });
  const { page_count, tags } = parsed(renderEntry({ kind: "change", change }, NOW)).data.file;
  assert.deepEqual({ page_count, tags }, { page_count: 3, tags: ["a"] });
});

Deno.test("renderEntry() renders a deletion with nothing but the file's id", () => {
  const change = deleted({ id: fileId(1), revision: 813 });
  assert.deepEqual(parsed(renderEntry({ kind: "change", change }, NOW)), {
    data: { eventType: "file-deleted", timestamp, file: { id: fileId(1) } },
  });
});

Deno.test("renderEntry() renders reset, ready and heartbeat", () => {
  for (const kind of ["reset", "ready", "heartbeat"] as const) {
    assert.deepEqual(parsed(renderEntry({ kind }, NOW)), { data: { eventType: kind, timestamp } });
  }
});

Deno.test("renderEntry() sends the cursor as id, on any entry that has one", () => {
  const entries = [
    { kind: "ready", cursor: "c.1" },
    { kind: "heartbeat", cursor: "c.1" },
    { kind: "change", change: updated({}), cursor: "c.1" },
  ] as const;
  for (const entry of entries) assert.equal(renderEntry(entry, NOW).id, "c.1");
});

Deno.test("renderEntry() keeps newlines, quotes and emoji of a file within one line of data", () => {
  const text = 'line 1\nline 2\r"quoted" 🦊';
  const change = updated({ filename: text, error_message: text });
  const { data = "" } = renderEntry({ kind: "change", change }, NOW);
  assert.doesNotMatch(data, /[\r\n]/);
  assert.equal(JSON.parse(data).file.error_message, text);
});

Deno.test("renderClosing() names the reason, says when to come back, and has no id", () => {
  const retries = {
    "token-expired": 2_000,
    "max-duration": 2_000,
    "shutdown": 2_000,
    "slow-consumer": 2_000,
    "busy": 60_000,
    "setup-required": 300_000,
  } as const;
  for (const [reason, retry] of Object.entries(retries)) {
    const rendered = renderClosing(reason as keyof typeof retries, { now: NOW, random: () => 0.5 });
    assert.deepEqual(parsed(rendered), {
      retry,
      data: { eventType: "closing", timestamp, reason },
    });
  }
});
