import { parseTime } from "../text/parse_time.ts";
import { truncateUtf8 } from "../text/truncate_utf8.ts";

/**
 * What a client is told of a file: the columns of `public.files` that are streamed. A field is
 * `null` where the column is, or where it holds what the field can't carry.
 */
export interface FileState {
  /** UUID. */
  readonly id: string;
  /** At most {@linkcode MAX_FILENAME_BYTES} of UTF-8. */
  readonly filename: string | null;
  readonly file_type: string | null;
  readonly status: string | null;
  /** 0 to 100 in the default table. */
  readonly progress: number | null;
  readonly processing_stage: string | null;
  /** At most {@linkcode MAX_ERROR_MESSAGE_BYTES} of UTF-8. */
  readonly error_message: string | null;
  /** ISO 8601 in UTC, with milliseconds; `null` too where the table has no such column. */
  readonly created_at: string | null;
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

/**
 * Hears of fields that can't carry what a row holds. They are streamed as `null`; a row whose `id` is
 * among them is not streamed.
 */
export type OnLostValues = (id: string | null, fields: readonly string[]) => void;

export const MAX_FILENAME_BYTES = 1024;
export const MAX_ERROR_MESSAGE_BYTES = 4096;

/**
 * Reads a row of `public.files`. What a field can't carry becomes `null`, so that no row is ever
 * left out for what it holds.
 *
 * @returns `undefined` if the row doesn't say which state of which file it is, or lacks a column, as
 * in a Realtime message whose long fields the server has removed.
 */
export function parseFileUpdate(
  row: unknown,
  onLostValues: OnLostValues = () => {},
): FileChange | undefined {
  const version = parseVersion(row);
  if (!version || !hasColumns(row)) return;
  const { id, revision } = version;
  const columns = row;
  const lost: string[] = [];
  function read<T>(name: string, parse: (value: unknown) => T | undefined): T | null {
    const value = columns[name] ?? null;
    const parsed = value === null ? null : parse(value);
    if (parsed === undefined) lost.push(name);
    return parsed ?? null;
  }
  const file: FileState = {
    id,
    filename: read("filename", text(MAX_FILENAME_BYTES)),
    file_type: read("file_type", text(MAX_FILENAME_BYTES)),
    status: read("status", text(MAX_FILENAME_BYTES)),
    progress: read("progress", number),
    processing_stage: read("processing_stage", text(MAX_FILENAME_BYTES)),
    error_message: read("error_message", text(MAX_ERROR_MESSAGE_BYTES)),
    created_at: read("created_at", time),
    revision,
  };
  if (lost.length > 0) onLostValues(id, lost);
  return { ...version, deleted: false, file };
}

/** Reads a row of `public.file_deletions`; `undefined` as for {@linkcode parseFileUpdate}. */
export function parseFileDeletion(row: unknown): FileChange | undefined {
  const version = parseVersion(row);
  return version && { ...version, deleted: true };
}

function parseVersion(row: unknown) {
  if (typeof row !== "object" || row === null) return;
  const { id, revision, changed_in } = row as Record<string, unknown>;
  if (
    typeof id !== "string" || !Number.isSafeInteger(revision) ||
    // xid8 travels as text in Realtime's messages.
    !/^\d{1,20}$/.test(String(changed_in))
  ) return;
  return { id, revision: revision as number, changedIn: BigInt(String(changed_in)) };
}

/** Not `created_at`, which a table need not have. */
const COLUMNS = [
  "filename",
  "file_type",
  "status",
  "progress",
  "processing_stage",
  "error_message",
] as const;

function hasColumns(row: unknown): row is Record<string, unknown> {
  return COLUMNS.every((name) => (row as Record<string, unknown>)[name] !== undefined);
}

function text(maxBytes: number) {
  return (value: unknown) => {
    return typeof value === "string" ? truncateUtf8(value, maxBytes) : undefined;
  };
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function time(value: unknown): string | undefined {
  return typeof value === "string" ? parseTime(value) : undefined;
}
