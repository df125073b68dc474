import { type Coverage, covers, COVERS_NOTHING, horizonOf } from "./coverage.ts";
import type { FileChange } from "./file_change.ts";

/** How a live change compares to what has been sent. */
export type Verdict =
  /** It is newer than every state of its file that was sent. */
  | "new"
  /** It or a newer state was sent, or a catch-up returns it. */
  | "known"
  /** It may be older than what was sent. Only a catch-up can decide. */
  | "uncertain";

/** Shared by all streams that remember nothing. It is never changed. */
const NOTHING: Map<string, Sent> = new Map();

interface Sent {
  readonly revision: number;
  readonly changedIn: bigint;
  readonly deleted: boolean;
}

/**
 * Remembers which revisions have been sent, so that no older state of a file follows a newer one.
 *
 * It remembers the last revision sent of each file that changed at or above the horizon. The
 * horizon is the transaction id below which catch-ups have returned everything. The memory forgets
 * a revision below the horizon, or when it holds more than `maxFiles`; and it never knew what an
 * earlier connection sent. Of all these revisions it keeps only the largest one. A live change of a
 * file that is not remembered is `uncertain` unless its revision is larger. This works because the
 * revisions of all files come from one sequence. The horizon alone is not enough, because a
 * transaction with a lower id can write the later state of a file.
 */
export class RevisionMemory {
  /**
   * What was last sent of each remembered file, by file id. The oldest entry is the first. It is
   * empty as long as nothing is remembered.
   */
  #sent: Map<string, Sent> = NOTHING;
  readonly #maxFiles: number;
  /** What the last catch-up covers, or will cover when it is complete. */
  #coverage: Coverage = COVERS_NOTHING;
  /** The largest revision that may have been sent and is not remembered. */
  #forgottenRevision = 0;
  #generation = 0;

  constructor(maxFiles: number) {
    this.#maxFiles = maxFiles;
  }

  /**
   * Increases when the memory forgets a revision that no catch-up covers. A page that was requested
   * in an earlier generation may be older than a state that was sent and is no longer remembered.
   */
  get generation(): number {
    return this.#generation;
  }

  judge(change: FileChange): Verdict {
    if (covers(this.#coverage, change.changedIn)) return "known";
    const sent = this.#sent.get(change.id);
    if (sent) return isNewer(change, sent) ? "new" : "known";
    return change.revision > this.#forgottenRevision ? "new" : "uncertain";
  }

  /** Whether the client lacks a change that a catch-up has found. */
  lacks(change: FileChange): boolean {
    const sent = this.#sent.get(change.id);
    if (!sent) return true;
    // The file exists in the catch-up's snapshot, so each deletion that the snapshot covers is
    // older, even if its revision is larger. The exception is a deletion with the row's own
    // revision, because it says that this state of the row is hidden.
    const isTombstone = sent.deleted && sent.revision !== change.revision;
    if (isTombstone && !change.deleted && covers(this.#coverage, sent.changedIn)) return true;
    return isNewer(change, sent);
  }

  /** Whether a change that {@linkcode lacks} reports may have been sent and forgotten. */
  mayHaveForgotten({ id, revision }: FileChange): boolean {
    return !this.#sent.has(id) && revision <= this.#forgottenRevision;
  }

  /** Records a change that is sent. */
  remember({ id, revision, changedIn, deleted }: FileChange): void {
    // An entry that is deleted and set again becomes the last one.
    this.#sent.delete(id);
    if (changedIn < horizonOf(this.#coverage)) return this.#forget(revision);
    if (this.#sent === NOTHING) this.#sent = new Map();
    this.#sent.set(id, { revision, changedIn, deleted });
    if (this.#sent.size > this.#maxFiles) this.#forgetWhere((sent) => this.#isCovered(sent));
    if (this.#sent.size > this.#maxFiles) this.#forgetOlderHalf();
  }

  /** Records that an earlier connection may have sent any revision up to this one. */
  assumeSent(revision: number): void {
    this.#forget(revision);
  }

  /** A page arrives. All pages of its run show what `coverage` covers, or something newer. */
  extendCoverage(coverage: Coverage): void {
    if (coverage.bound >= this.#coverage.bound) this.#coverage = coverage;
  }

  /**
   * The catch-up is complete, so revisions below its horizon are forgotten. Revisions above the
   * horizon that it covers are kept while there is room. If they were forgotten, each live change
   * of a transaction that began earlier would be `uncertain`.
   */
  endCatchUp(): void {
    const horizon = horizonOf(this.#coverage);
    this.#forgetWhere(({ changedIn }) => changedIn < horizon);
  }

  /** Forgets all revisions, because the client will be caught up from an earlier cursor. */
  forgetAll(): void {
    this.#generation++;
    for (const { revision } of this.#sent.values()) this.#forget(revision);
    this.#sent = NOTHING;
    this.#coverage = COVERS_NOTHING;
  }

  /** Starts again, because the client will forget all its files. */
  reset(): void {
    this.#sent = NOTHING;
    this.#coverage = COVERS_NOTHING;
    this.#forgottenRevision = 0;
  }

  /** Whether no page of this catch-up, or of a later one, can be older than this revision. */
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

/**
 * Whether a change is newer than what was sent of its file. A deletion with the revision of an update
 * means that the caller may not read this state of the row, so it replaces the update, and the update
 * never replaces it. A tombstone has a revision of its own.
 */
function isNewer({ revision, deleted }: FileChange, sent: Sent): boolean {
  return revision > sent.revision || (revision === sent.revision && deleted && !sent.deleted);
}
