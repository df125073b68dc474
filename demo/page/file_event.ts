/** A file as `file-update` describes it: what its row lacks, or holds in another form, is null. */
export interface FileState {
  id: string;
  filename: string | null;
  file_type: string | null;
  /** A word of the table's own; this page knows `pending`, `processing`, `ready` and `failed`. */
  status: string | null;
  progress: number | null;
  /** A word of the table's own; this page knows those of `STAGES`. */
  processing_stage: string | null;
  error_message: string | null;
  /** ISO 8601 in UTC with milliseconds. */
  created_at: string | null;
  revision: number;
}

/** The JSON of one event of the stream, as far as this page understands it. */
export type FileEvent =
  & { timestamp: string }
  & (
    | { eventType: "file-update"; file: FileState }
    | { eventType: "file-deleted"; file: { id: string } }
    | { eventType: "reset" | "ready" | "heartbeat" }
    | { eventType: "closing"; reason: string }
  );

/**
 * Brings a list of files up to date with an event. Event types that this page doesn't know change
 * nothing: a later version of the function may send them.
 */
export function applyEvent(files: Map<string, FileState>, event: FileEvent): void {
  switch (event.eventType) {
    case "reset":
      files.clear();
      break;
    case "file-update":
      files.set(event.file.id, event.file);
      break;
    case "file-deleted":
      files.delete(event.file.id);
      break;
  }
}
