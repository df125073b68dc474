import { type Coverage, covers, COVERS_NOTHING, horizonOf } from "./coverage.ts";
import type { FileChange } from "./file_change.ts";

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
 * It remembers the last revision sent of each file that changed at or above the horizon. The horizon
 * is the transaction id below which a catch-up has everything. Of all that it does not remember,
 * because it lies below the horizon, because there were more than `maxFiles`, or because an earlier
 * connection sent it, the memory keeps only the largest revision: a live change that is not above
 * that revision is `uncertain`. This works because the revisions of all files come from one
 * sequence. The horizon alone is not enough, because a transaction with a lower id can write the
 * later state of a file.
 */
export class RevisionMemory {
  readonly #sent = new Map<string, Sent>();
  readonly #maxFiles: number;
  #coverage: Coverage = COVERS_NOTHING;
  #forgottenRevision = 0;
  #generation = 0;

  constructor(maxFiles: number) {
    this.#maxFiles = maxFiles;
  }

  /**
   * Grows when the memory forgets more than a catch-up covers. A page that was requested in an earlier
   * generation may be older than a state that has been sent and is no longer remembered.
   */
  get generation(): number {
    return this.#generation;
  }

  judge(change: FileChange): Verdict {
    if (covers(this.#coverage, change.changedIn)) return "known";
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
    if (sent.deleted && !change.deleted && covers(this.#coverage, sent.changedIn)) return true;
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
    if (changedIn < horizonOf(this.#coverage)) return this.#forget(revision);
    this.#sent.set(id, { revision, changedIn, deleted });
    if (this.#sent.size > this.#maxFiles) this.#forgetWhere((sent) => this.#isCovered(sent));
    if (this.#sent.size > this.#maxFiles) this.#forgetOlderHalf();
  }

  /** The client has been sent changes that this memory knows nothing of, up to `revision`. */
  assumeSent(revision: number): void {
    this.#forget(revision);
  }

  /** A catch-up begins. Each of its pages shows what `coverage` covers, or something newer. */
  beginRun(coverage: Coverage): void {
    if (coverage.bound >= this.#coverage.bound) this.#coverage = coverage;
  }

  /**
   * The catch-up is complete: what lies below its horizon need not be remembered. What it covers
   * above the horizon stays while there is room. Forgetting it would make each live change of a
   * transaction that began earlier `uncertain`.
   */
  endRun(): void {
    const horizon = horizonOf(this.#coverage);
    this.#forgetWhere(({ changedIn }) => changedIn < horizon);
  }

  /** The client will be caught up from an earlier point. */
  forgetAll(): void {
    this.#generation++;
    for (const { revision } of this.#sent.values()) this.#forget(revision);
    this.#sent.clear();
    this.#coverage = COVERS_NOTHING;
  }

  /** The client has nothing. */
  reset(): void {
    this.#sent.clear();
    this.#coverage = COVERS_NOTHING;
    this.#forgottenRevision = 0;
  }

  /** No page of this catch-up, or of a later one, can be older than what it covers. */
  #isCovered({ changedIn }: Sent): boolean {
    return covers(this.#coverage, changedIn);
  }

  #forgetWhere(matches: (sent: Sent) => boolean): void {
    for (const [id, sent] of this.#sent) {
      if (!matches(sent)) continue;
      this.#sent.delete(id);
      this.#forget(sent.revision);
    }
  }

  #forgetOlderHalf(): void {
    this.#generation++;
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
