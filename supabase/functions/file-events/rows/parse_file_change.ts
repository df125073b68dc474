import type { FileChange, FileState } from "../stream/file_change.ts";
import { parseTransaction } from "./parse_transaction.ts";
import { parseTime } from "./parse_time.ts";
import { truncateUtf8 } from "./truncate_utf8.ts";

/**
 * Called with the fields whose values an event can't carry. They are streamed as `null`. If `id` is
 * among them, the row is not streamed.
 */
export type OnLostValues = (id: string | null, fields: readonly string[]) => void;

const MAX_TEXT_BYTES = 1024;
const MAX_ERROR_MESSAGE_BYTES = 4096;

/** The fields that every row has. `created_at` is not one, because a table need not have it. */
const FIELDS = [
  "filename",
  "file_type",
  "status",
  "progress",
  "processing_stage",
  "error_message",
] as const;
/** Names that no extra column of an event has. */
const RESERVED: ReadonlySet<string> = new Set([...FIELDS, "id", "created_at", "revision"]);
/** The final statuses of the default table. A file with any other status is in progress. */
const FINAL_STATUSES: ReadonlySet<string | null> = new Set(["ready", "failed", null]);

/**
 * Parses a file as the database writes it into pages and broadcasts: it has the protocol's names,
 * `final`, and in `extra` the columns that events carry under their own names. A row of the default
 * table is parsed as well; it has the same names and no `final`, so its status decides.
 *
 * A value that its field can't carry becomes `null`, so that one value never makes a row disappear.
 *
 * @returns `undefined` if the row does not say which state of which file it is, or if it lacks a
 * field, as in a Realtime message from which the server has removed long fields.
 */
export function parseFileUpdate(
  row: unknown,
  onLostValues: OnLostValues = () => {},
): FileChange | undefined {
  const version = parseVersion(row);
  if (!version || !hasFields(row)) return;
  const { id, revision } = version;
  const fields = row;
  const lost: string[] = [];
  function read<T>(name: string, parse: (value: unknown) => T | undefined): T | null {
    const value = fields[name] ?? null;
    const parsed = value === null ? null : parse(value);
    if (parsed === undefined) lost.push(name);
    return parsed ?? null;
  }
  const file: FileState = {
    id,
    filename: read("filename", text(MAX_TEXT_BYTES)),
    file_type: read("file_type", text(MAX_TEXT_BYTES)),
    status: read("status", text(MAX_TEXT_BYTES)),
    progress: read("progress", number),
    processing_stage: read("processing_stage", text(MAX_TEXT_BYTES)),
    error_message: read("error_message", text(MAX_ERROR_MESSAGE_BYTES)),
    created_at: read("created_at", time),
    ...parseExtra(fields.extra),
    revision,
  };
  if (lost.length > 0) onLostValues(id, lost);
  const isFinal = typeof fields.final === "boolean"
    ? fields.final
    : FINAL_STATUSES.has(file.status);
  return { ...version, deleted: false, file, isFinal };
}

/** Parses a deletion of a page or broadcast; `undefined` as in {@linkcode parseFileUpdate}. */
export function parseFileDeletion(row: unknown): FileChange | undefined {
  const version = parseVersion(row);
  return version && { ...version, deleted: true };
}

function parseVersion(row: unknown) {
  if (typeof row !== "object" || row === null) return;
  const { id, revision, changed_in } = row as Record<string, unknown>;
  const changedIn = parseTransaction(changed_in);
  if (typeof id !== "string" || !Number.isSafeInteger(revision) || changedIn === undefined) return;
  return { id, revision: revision as number, changedIn };
}

function parseExtra(extra: unknown): Record<string, unknown> {
  if (typeof extra !== "object" || extra === null || Array.isArray(extra)) return {};
  // `fromEntries` also takes `__proto__` for a name like any other.
  return Object.fromEntries(Object.entries(extra).filter(([name]) => !RESERVED.has(name)));
}

function hasFields(row: unknown): row is Record<string, unknown> {
  return FIELDS.every((name) => (row as Record<string, unknown>)[name] !== undefined);
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
