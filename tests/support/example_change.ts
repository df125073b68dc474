import type { Coverage } from "../../supabase/functions/file-events/stream/coverage.ts";
import type {
  FileChange,
  FileState,
} from "../../supabase/functions/file-events/stream/file_change.ts";

interface Version {
  readonly id?: string;
  readonly revision?: number;
  /** The transaction id; the revision if left out. */
  readonly changedIn?: number | bigint;
}

interface Update extends Version, Partial<FileState> {
  /** By default it follows from the status, as in the default table. */
  readonly isFinal?: boolean;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A file's UUID from a small number. */
export function fileId(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

/** A file's new state. */
export function updated(
  {
    id = fileId(1),
    revision = 1,
    changedIn = revision,
    status = "ready",
    isFinal = ["ready", "failed", null].includes(status),
    extra = {},
    ...fields
  }: Update,
): FileChange & { deleted: false } {
  const file: FileState = {
    id,
    filename: "document.pdf",
    file_type: "application/pdf",
    status,
    progress: 100,
    processing_stage: null,
    error_message: null,
    created_at: null,
    ...extra,
    revision,
    ...fields,
  };
  return { id, revision, changedIn: BigInt(changedIn), deleted: false, file, isFinal };
}

/** A file's end. */
export function deleted(
  { id = fileId(1), revision = 1, changedIn = revision }: Version,
): FileChange & { deleted: true } {
  return { id, revision, changedIn: BigInt(changedIn), deleted: true };
}

/** Covers all transactions below `bound` but those that are `running`. */
export function upTo(bound: bigint, ...running: bigint[]): Coverage {
  return { bound, running };
}
