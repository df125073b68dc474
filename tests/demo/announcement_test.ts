import assert from "node:assert/strict";
import type { FileEvent, FileState } from "../../client/protocol.ts";
import { announcementOf } from "../../demo/page/announcement.ts";

const timestamp = "2026-11-23T10:30:00.000Z";
const processing: FileState = {
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
const ready = { ...processing, status: "ready", progress: 100, revision: 8 };
const failed = { ...processing, status: "failed", error_message: "It is empty.", revision: 8 };

Deno.test("announcementOf() says which file is ready, has failed or is deleted", () => {
  assert.equal(announcementOf(update(ready), processing), "a.txt ready");
  assert.equal(announcementOf(update(ready), undefined), "a.txt ready");
  assert.equal(announcementOf(update(failed), processing), "a.txt failed: It is empty.");
  const silent = { ...failed, error_message: null };
  assert.equal(announcementOf(update(silent), processing), "a.txt failed");
  assert.equal(announcementOf(deleted(ready), ready), "a.txt deleted");
});

Deno.test("announcementOf() says nothing of progress, and nothing twice", () => {
  assert.equal(announcementOf(update({ ...processing, progress: 51 }), processing), undefined);
  assert.equal(announcementOf(update(processing), undefined), undefined);
  assert.equal(announcementOf(update({ ...ready, revision: 9 }), ready), undefined);
  assert.equal(announcementOf(deleted(ready), undefined), undefined);
  assert.equal(announcementOf({ eventType: "ready", timestamp }, undefined), undefined);
});

function update(file: FileState): FileEvent {
  return { eventType: "file-update", timestamp, file };
}

function deleted({ id }: FileState): FileEvent {
  return { eventType: "file-deleted", timestamp, file: { id } };
}
