import type { FileChange } from "../database/file_change.ts";

/** What a live change is worth to the client, given what has been sent. */
export type Verdict =
  /** Newer than all that was sent of its file. */
  | "new"
  /** Sent already, or contained in a catch-up. */
  | "known"
  /** Possibly older than what was sent and has been forgotten; a catch-up can tell. */
  | "uncertain";

interface Sent {
  readonly revision: number;
  readonly changedIn: bigint;
  readonly deleted: boolean;
}

const MAX_REMEMBERED = 1000;

/**
 * Merges live changes and catch-ups into one sequence in which no file goes back in time.
 *
 * It remembers the last revision sent of each file that changed at or above the horizon, the
 * transaction id below which a catch-up has everything; what is below needs no memory. At most
 * 1,000 files are remembered: of the older half only the largest revision is kept, and a live
 * change that isn't above it is `uncertain`, since revisions of all files come from one sequence.
 */
export class RevisionMemory {
  readonly #sent = new Map<string, Sent>();
  #horizon = 0n;
  /** The largest revision and transaction among what has been forgotten for want of room. */
  #forgotten = { revision: 0, changedIn: 0n };

  judge(change: FileChange): Verdict {
    if (change.changedIn < this.#horizon) return "known";
    const sent = this.#sent.get(change.id);
    if (sent) return change.revision > sent.revision ? "new" : "known";
    return change.revision > this.#forgotten.revision ? "new" : "uncertain";
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

  /** A change is sent. */
  remember({ id, revision, changedIn, deleted }: FileChange): void {
    // Also moves it to the young end.
    this.#sent.delete(id);
    if (changedIn < this.#horizon) return;
    this.#sent.set(id, { revision, changedIn, deleted });
    if (this.#sent.size > MAX_REMEMBERED) this.#forgetOlderHalf();
  }

  /** A catch-up begins that will have everything below `horizon`. */
  beginRun(horizon: bigint): void {
    if (horizon > this.#horizon) this.#horizon = horizon;
  }

  /** The catch-up is complete: what it covers need not be remembered. */
  endRun(): void {
    for (const [id, { changedIn }] of this.#sent) {
      if (changedIn < this.#horizon) this.#sent.delete(id);
    }
    if (this.#forgotten.changedIn < this.#horizon) this.#forgotten = { revision: 0, changedIn: 0n };
  }

  /** The client has been told to forget everything, or will be caught up from an earlier point. */
  clear(): void {
    this.#sent.clear();
    this.#horizon = 0n;
    this.#forgotten = { revision: 0, changedIn: 0n };
  }

  #forgetOlderHalf(): void {
    let surplus = this.#sent.size - MAX_REMEMBERED / 2;
    for (const [id, { revision, changedIn }] of this.#sent) {
      if (surplus-- <= 0) break;
      if (revision > this.#forgotten.revision) this.#forgotten.revision = revision;
      if (changedIn > this.#forgotten.changedIn) this.#forgotten.changedIn = changedIn;
      this.#sent.delete(id);
    }
  }
}
