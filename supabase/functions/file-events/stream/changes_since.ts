import type { Caller } from "./caller.ts";
import type { Coverage } from "./coverage.ts";
import type { FileChange } from "./file_change.ts";

export interface ChangesQuery {
  /** A cursor of an earlier page; `null` if there is none. */
  readonly since: string | null;
  /** Only these files; `null` for all. */
  readonly fileIds: readonly string[] | null;
  /** What is returned without a usable cursor: all files, or (`false`) only a cursor of this moment. */
  readonly snapshot: boolean;
}

/** One page of the changes since a cursor. */
export interface ChangesPage {
  /** Covers this page and all before it. Opaque. */
  readonly cursor: string;
  /**
   * The transactions whose changes have been returned when `more` is false. It is the same on all
   * pages of one run of pages, and no page of the run is older.
   */
  readonly coverage: Coverage;
  /** No larger revision existed when the page was read. */
  readonly revision: number;
  /** `since` can't be used: what the client has is void, and a full snapshot begins with this page. */
  readonly reset: boolean;
  /** The run has more pages. */
  readonly more: boolean;
  /** `more` is false, and no file has changed since the run began: nothing is missing. */
  readonly current: boolean;
  readonly changes: readonly FileChange[];
}

/**
 * PORT: queries the database for what has changed. It is the truth; the feed is only faster.
 *
 * Rejects with a {@linkcode ChangesError} if the database can't answer, and with any other error if
 * it was not asked. It may reject early when `signal` aborts.
 */
export type ChangesSince = (
  caller: Caller,
  query: ChangesQuery,
  options: { signal: AbortSignal },
) => Promise<ChangesPage>;

export interface ChangesErrorOptions {
  /** The database has refused to answer and would most likely do so again, so a retry can wait. */
  readonly isRefusal: boolean;
  /** Set when the error has lasted so long that the stream must end: the reason of `closing`. */
  readonly end?: "token-expired" | "setup-required" | undefined;
}

/** The database could not answer. The adapter has logged it once for all streams. */
export class ChangesError extends Error {
  override readonly name = "ChangesError";
  readonly isRefusal: boolean;
  readonly end: ChangesErrorOptions["end"];

  constructor(message: string, { isRefusal, end }: ChangesErrorOptions) {
    super(message);
    this.isRefusal = isRefusal;
    this.end = end;
  }
}
