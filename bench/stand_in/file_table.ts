/** A row of `public.files`, as Realtime and `file_changes_since` send it. */
export interface FileRow {
  readonly id: string;
  readonly revision: number;
  readonly [column: string]: unknown;
}

/** As many files as a page of `file_changes_since` has at most. */
const PAGE_SIZE = 500;
/** The first part of a cursor. The real one is a hash of what the cursor is bound to. */
const KEY = "0".repeat(32);

/**
 * The files of all users, each of whom has the same number. Only the first file of a user changes.
 * Transaction ids are the same numbers as revisions.
 */
export class FileTable {
  /** The last revision that was given out. */
  #revision = 1;
  /** The first file of each user who has had a change, in its last state. */
  readonly #changed = new Map<string, FileRow>();
  filesPerUser = 0;

  /** Changes the user's first file. @param stage The text that the change carries. */
  change(userId: string, stage: string): FileRow {
    const row = fileRow(userId, { number: 0, revision: ++this.#revision, stage });
    this.#changed.set(userId, row);
    return row;
  }

  /** What `file_changes_since` returns, as JSON. */
  page(userId: string, since: string | null): string {
    const [, bound = "0", from = ""] = /^\w+\.(\d+)(?:\.(\d+))?$/.exec(since ?? "") ?? [];
    const isSnapshot = since === null || from !== "";
    const covered = from === "" ? this.#revision + 1 : Number(bound);
    const first = Number(from);
    const files = isSnapshot
      ? this.#files(userId).slice(first, first + PAGE_SIZE)
      : this.#files(userId).filter(({ revision }) => revision >= Number(bound));
    const more = isSnapshot && first + files.length < this.#files(userId).length;
    return JSON.stringify({
      version: 1,
      cursor: `${KEY}.${covered}${more ? `.${first + files.length}` : ""}`,
      covers: [String(covered)],
      revision: this.#revision,
      reset: since === null,
      more,
      current: !more,
      files,
      deletions: [],
    });
  }

  #files(userId: string): FileRow[] {
    const changed = this.#changed.get(userId);
    const unchanged = Array.from(
      { length: this.filesPerUser },
      (_, number) => fileRow(userId, { number, revision: 1, stage: null }),
    );
    return changed ? [changed, ...unchanged.slice(1)] : unchanged;
  }
}

function fileRow(
  userId: string,
  { number, revision, stage }: { number: number; revision: number; stage: string | null },
): FileRow {
  return {
    id: number.toString(16).padStart(8, "0") + userId.slice(8),
    filename: `document-${number}.pdf`,
    file_type: "application/pdf",
    status: stage === null ? "ready" : "processing",
    progress: revision % 100,
    processing_stage: stage,
    error_message: null,
    created_at: "2026-01-01T00:00:00.123456+00:00",
    revision,
    changed_in: String(revision),
  };
}
