import assert from "node:assert/strict";
import { applyEvent, type FileEvent, type FileState } from "../../demo/page/file_event.ts";

const timestamp = "2026-11-23T10:30:00.000Z";
const file: FileState = {
  id: "7d9f3c1e-0b1a-4c55-9a70-2f1a40f0b3aa",
  filename: "a.txt",
  file_type: "text/plain",
  status: "processing",
  progress: 50,
  processing_stage: "compression",
  error_message: null,
  created_at: null,
  revision: 7,
};

Deno.test("applyEvent() takes the latest state of a file", () => {
  const files = new Map([[file.id, file]]);
  const later = { ...file, progress: 75, revision: 8 };
  applyEvent(files, { eventType: "file-update", timestamp, file: later });
  assert.deepEqual([...files.values()], [later]);
});

Deno.test("applyEvent() removes a deleted file", () => {
  const files = new Map([[file.id, file]]);
  applyEvent(files, { eventType: "file-deleted", timestamp, file: { id: file.id } });
  assert.equal(files.size, 0);
});

Deno.test("applyEvent() drops everything at a reset", () => {
  const files = new Map([[file.id, file]]);
  applyEvent(files, { eventType: "reset", timestamp });
  assert.equal(files.size, 0);
});

for (const eventType of ["ready", "heartbeat", "closing", "of-a-later-version"]) {
  Deno.test(`applyEvent() changes nothing at ${eventType}`, () => {
    const files = new Map([[file.id, file]]);
    applyEvent(files, { eventType, timestamp } as FileEvent);
    assert.deepEqual([...files.values()], [file]);
  });
}
