import type { Caller } from "./caller.ts";
import type { Coverage } from "./coverage.ts";
import type { FileChange } from "./file_change.ts";

export interface ChangesQuery {
  /** A cursor of an earlier page; `null` if there is none. */
  readonly since: string | null;
  /** Only these files; `null` for all. */
  readonly fileIds: readonly string[] | null;
  /**
   * What is returned if `since` is not usable. `true`: all files, page by page. `false`: no files,
   * and a cursor that covers the present.
   */
  readonly snapshot: boolean;
}

/** One page of the changes since a cursor. */
export interface ChangesPage {
  /** Opaque. It covers this page and all pages before it. */
  readonly cursor: string;
  /**
   * The transactions whose changes have been returned once `more` is false. All pages of one run
   * have the same coverage, and each shows what it covers, or something newer.
   */
  readonly coverage: Coverage;
  /** No larger revision had been drawn when the page was read. */
  readonly revision: number;
  /** `since` is not usable, so what the client has is void. This page begins a full snapshot. */
  readonly reset: boolean;
  /** The run has more pages. */
  readonly more: boolean;
  /** `more` is false, and no file has changed or gone since the run began: nothing is missing. */
  readonly current: boolean;
  readonly changes: readonly FileChange[];
}

export interface ChangesSinceOptions {
  /** Aborts when the answer is no longer needed. */
  readonly signal: AbortSignal;
  /**
   * Called when the query begins: what was committed before is in the answer. It is called once,
   * before the request is sent, and never if the query is dropped while it waits.
   */
  readonly onBegin: () => void;
  /** The stream is a poll: it sends only what it has queried for itself. */
  readonly isPoll?: boolean;
}

/**
 * PORT: queries the database for what has changed. The answer is complete; the feed is only faster.
 *
 * Rejects with a {@linkcode ChangesError} if the database can't answer, and with any other error if
 * the query was not sent. It may reject early when `signal` aborts.
 */
export type ChangesSince = (
  caller: Caller,
  query: ChangesQuery,
  options: ChangesSinceOptions,
) => Promise<ChangesPage>;

export interface ChangesErrorOptions {
  /** The database has refused to answer and would most likely do so again, so a retry can wait. */
  readonly isRefusal: boolean;
  /** The reason of `closing`, set if the error has lasted so long that the stream must end. */
  readonly end?: "token-expired" | "setup-required" | undefined;
}

/** The database could not answer. The adapter logs that for all streams; a stream need not. */
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
