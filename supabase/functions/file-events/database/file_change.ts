import { truncateUtf8 } from "../text/truncate_utf8.ts";

/** What a client is told of a file: the columns of `public.files` that are streamed. */
export interface FileState {
  /** UUID. */
  readonly id: string;
  /** At most {@linkcode MAX_FILENAME_BYTES} of UTF-8. */
  readonly filename: string;
  readonly file_type: string | null;
  readonly status: string;
  /** 0 to 100. */
  readonly progress: number;
  readonly processing_stage: string | null;
  /** At most {@linkcode MAX_ERROR_MESSAGE_BYTES} of UTF-8. */
  readonly error_message: string | null;
  /** Orders the states of one file; a later state has the larger number. */
  readonly revision: number;
}

/** A file's state, or its end, as a feed or a catch-up reports it. */
export type FileChange =
  & {
    readonly id: string;
    readonly revision: number;
    /** The transaction that made the change (PostgreSQL's `xid8`). */
    readonly changedIn: bigint;
  }
  & (
    | { readonly deleted: false; readonly file: FileState }
    | { readonly deleted: true }
  );

export const MAX_FILENAME_BYTES = 1024;
export const MAX_ERROR_MESSAGE_BYTES = 4096;

/**
 * Reads a row of `public.files`.
 *
 * @returns `undefined` if a field is missing or of another type, as in a Realtime message whose
 * long fields the server has removed.
 */
export function parseFileUpdate(row: unknown): FileChange | undefined {
  if (!isRecord(row)) return;
  const version = parseVersion(row);
  const { filename, file_type, status, progress, processing_stage, error_message } = row;
  if (
    version === undefined || typeof filename !== "string" || !isText(file_type) ||
    typeof status !== "string" || typeof progress !== "number" || !isText(processing_stage) ||
    !isText(error_message)
  ) return;
  const file = {
    id: version.id,
    filename: truncateUtf8(filename, MAX_FILENAME_BYTES),
    file_type,
    status,
    progress,
    processing_stage,
    error_message: error_message && truncateUtf8(error_message, MAX_ERROR_MESSAGE_BYTES),
    revision: version.revision,
  };
  return { ...version, deleted: false, file };
}

/** Reads a row of `public.file_deletions`; `undefined` as for {@linkcode parseFileUpdate}. */
export function parseFileDeletion(row: unknown): FileChange | undefined {
  const version = isRecord(row) ? parseVersion(row) : undefined;
  return version && { ...version, deleted: true };
}

function parseVersion(row: Record<string, unknown>) {
  const { id, revision, changed_in } = row;
  if (
    typeof id !== "string" || !Number.isSafeInteger(revision) ||
    // xid8 travels as text in Realtime's messages.
    !/^\d{1,20}$/.test(String(changed_in))
  ) return;
  return { id, revision: revision as number, changedIn: BigInt(String(changed_in)) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): value is string | null {
  return typeof value === "string" || value === null;
}
