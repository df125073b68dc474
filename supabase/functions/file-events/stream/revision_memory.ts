import type { FileChange } from "../database/file_change.ts";

/** What a live change is worth to the client, given what has been sent. */
export type Verdict =
  /** Newer than all that was sent of its file. */
  | "new"
  /** Sent already, or contained in a catch-up. */
  | "known"
  /** Possibly older than what the client has; a catch-up can tell. */
  | "uncertain";

interface Sent {
  readonly revision: number;
  readonly changedIn: bigint;
  readonly deleted: boolean;
}

/**
 * Merges live changes and catch-ups into one sequence in which no file goes back in time.
 *
 * It remembers the last revision sent of each file that changed at or above the horizon, the
 * transaction id below which a catch-up has everything. Of all that is not remembered (it lies
 * below the horizon, there were more than `maxFiles`, or it was sent on an earlier connection) only
 * the largest revision is kept: a live change that isn't above it is `uncertain`. That works since
 * the revisions of all files come from one sequence. The horizon alone would not do, for a
 * transaction with a lower id can write the later state of a file.
 */
export class RevisionMemory {
  readonly #sent = new Map<string, Sent>();
  readonly #maxFiles: number;
  #horizon = 0n;
  #forgottenRevision = 0;
  #timesForgotten = 0;

  constructor(maxFiles: number) {
    this.#maxFiles = maxFiles;
  }

  /**
   * How often more was forgotten than a catch-up covers. What was asked of the database before may
   * be older than what has been sent since and is no longer remembered.
   */
  get timesForgotten(): number {
    return this.#timesForgotten;
  }

  judge(change: FileChange): Verdict {
    if (change.changedIn < this.#horizon) return "known";
    const sent = this.#sent.get(change.id);
    if (sent) return change.revision > sent.revision ? "new" : "known";
    return change.revision > this.#forgottenRevision ? "new" : "uncertain";
  }

  /** Whether the client lacks a change that a catch-up has found. */
  lacks(change: FileChange): boolean {
    const sent = this.#sent.get(change.id);
    if (!sent) return true;
    // In the catch-up's snapshot the file exists: no deletion that the snapshot covers is newer,
    // whatever its revision.
    if (sent.deleted && !change.deleted && sent.changedIn < this.#horizon) return true;
    return change.revision > sent.revision;
  }

  /** Whether a change that {@linkcode lacks} reports may have been sent and forgotten. */
  mayHaveForgotten({ id, revision }: FileChange): boolean {
    return !this.#sent.has(id) && revision <= this.#forgottenRevision;
  }

  /** A change is sent. */
  remember({ id, revision, changedIn, deleted }: FileChange): void {
    // Also moves it to the young end.
    this.#sent.delete(id);
    if (changedIn < this.#horizon) return this.#forget(revision);
    this.#sent.set(id, { revision, changedIn, deleted });
    if (this.#sent.size > this.#maxFiles) this.#forgetOlderHalf();
  }

  /** The client has been sent changes that this memory knows nothing of, up to `revision`. */
  assumeSent(revision: number): void {
    this.#forget(revision);
  }

  /** A catch-up begins that will have everything below `horizon`. */
  beginRun(horizon: bigint): void {
    if (horizon > this.#horizon) this.#horizon = horizon;
  }

  /** The catch-up is complete: what it covers need not be remembered. */
  endRun(): void {
    for (const [id, { changedIn, revision }] of this.#sent) {
      if (changedIn >= this.#horizon) continue;
      this.#sent.delete(id);
      this.#forget(revision);
    }
  }

  /** The client will be caught up from an earlier point. */
  forgetAll(): void {
    this.#timesForgotten++;
    for (const { revision } of this.#sent.values()) this.#forget(revision);
    this.#sent.clear();
    this.#horizon = 0n;
  }

  /** The client has nothing. */
  reset(): void {
    this.#sent.clear();
    this.#horizon = 0n;
    this.#forgottenRevision = 0;
  }

  #forgetOlderHalf(): void {
    this.#timesForgotten++;
    let surplus = this.#sent.size - this.#maxFiles / 2;
    for (const [id, { revision }] of this.#sent) {
      if (surplus-- <= 0) break;
      this.#sent.delete(id);
      this.#forget(revision);
    }
  }

  #forget(revision: number): void {
    if (revision > this.#forgottenRevision) this.#forgottenRevision = revision;
  }
}
