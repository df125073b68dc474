import type { ChangesPage } from "./changes_since.ts";
import type { FileChange } from "./file_change.ts";
import type { Outbox } from "./outbox.ts";
import { RevisionMemory } from "./revision_memory.ts";

/** What was done with a live change. */
export type LiveVerdict =
  /** It was put into the outbox. */
  | "sent"
  /** It was dropped, because this state or a newer one was sent, or is in the running catch-up. */
  | "known"
  /** It was dropped, because a catch-up that is running or requested will return it. */
  | "left to catch-up"
  /** It was dropped, because it may be older than what was sent. A catch-up must be requested. */
  | "uncertain"
  /** Too much waited, so all was dropped. A catch-up must be requested. */
  | "overflow";

/** What was done with a page. */
export interface PageVerdict {
  /** The changes of the page that certainly had not been sent before. */
  readonly found: readonly FileChange[];
  /** The changes of the page that were put into the outbox. */
  readonly sent: readonly FileChange[];
  /**
   * Too much waited, so all was dropped. The catch-up must continue from an earlier cursor.
   */
  readonly overflow: boolean;
}

/**
 * Decides which changes are sent, so that none is lost and no older state of a file follows a newer
 * one. It takes live changes and pages, and puts what must be sent into the outbox.
 */
export class Merge {
  readonly #outbox: Outbox;
  readonly #maxFiles: number;
  readonly #memory: RevisionMemory;
  /**
   * What happens to a live change.
   * - "before first page": it is dropped, because a reset in the first page would drop it too.
   * - "passing": it is judged, and sent if it is new.
   * - "overflowed": it is dropped. The client must first be caught up from an earlier cursor.
   *
   * If it is dropped, a catch-up that is running or requested will return it.
   */
  #liveChanges: "before first page" | "passing" | "overflowed" = "before first page";
  /** A live change has been sent since the first query of the catch-up began. */
  #hasPassed = false;
  /** The current run of pages may lack a change, so another catch-up must follow it. */
  #mustRepeat = false;
  #isMidRun = false;

  /** @param maxFiles How many files may wait, and how many revisions are remembered. */
  constructor(outbox: Outbox, maxFiles: number) {
    this.#outbox = outbox;
    this.#maxFiles = maxFiles;
    this.#memory = new RevisionMemory(maxFiles);
  }

  /** A page must be discarded if this number has changed since the page was requested. */
  get generation(): number {
    return this.#memory.generation;
  }

  /** The next page continues the run of the last one, so it is as old as that run. */
  get isMidRun(): boolean {
    return this.#isMidRun;
  }

  /** Whether this state of the file or a newer one was sent, or is in the running catch-up. */
  knows(change: FileChange): boolean {
    return this.#memory.judge(change) === "known";
  }

  receive(change: FileChange): LiveVerdict {
    if (this.#liveChanges !== "passing") {
      this.#mustRepeat = true;
      return "left to catch-up";
    }
    const verdict = this.#memory.judge(change);
    if (verdict !== "new") return verdict;
    this.#hasPassed = true;
    return this.#send(change) ? "sent" : "overflow";
  }

  /**
   * The next catch-up must return what has changed until now. One that continues a run of pages is as
   * old as the run, so that another one must follow it.
   */
  requireNewRun(): void {
    this.#mustRepeat = true;
  }

  /** The first query of a catch-up begins. */
  beginCatchUp(): void {
    this.#hasPassed = false;
    // A run that begins now returns every change that it was required for.
    if (!this.#isMidRun) this.#mustRepeat = false;
  }

  applyPage(page: ChangesPage): PageVerdict {
    if (page.reset) this.#reset();
    this.#memory.extendCoverage(page.coverage);
    // Judge all changes before any is sent, because sending makes the memory forget others.
    const lacking = page.changes.filter((change) => this.#memory.lacks(change));
    const found = lacking.filter((change) => !this.#memory.mayHaveForgotten(change));
    if (this.#liveChanges === "before first page") {
      this.#liveChanges = "passing";
      // An earlier connection may have sent any revision up to that of the page.
      if (!page.reset) this.#memory.assumeSent(page.revision);
    }
    const overflow = !lacking.every((change) => this.#send(change));
    // After an overflow the cursor may be one from the middle of a run.
    this.#isMidRun = page.more || overflow;
    if (overflow) return { found, sent: [], overflow };
    this.#outbox.advance(page.cursor);
    return { found, sent: lacking, overflow };
  }

  /**
   * All pages of a catch-up have been applied. Live changes pass from now on.
   *
   * @returns Whether another catch-up must follow, because this one may lack a change.
   */
  endCatchUp(): boolean {
    this.#memory.endCatchUp();
    this.#liveChanges = "passing";
    return this.#mustRepeat;
  }

  /** @returns Whether there was room. */
  #send(change: FileChange): boolean {
    this.#memory.remember(change);
    this.#outbox.putChange(change);
    if (this.#outbox.fileCount <= this.#maxFiles && this.#outbox.hasRoom) return true;
    // The client reads too slowly. It will be caught up from the last cursor that it was sent.
    this.#liveChanges = "overflowed";
    this.#memory.forgetAll();
    this.#outbox.rewind();
    return false;
  }

  #reset(): void {
    this.#memory.reset();
    this.#outbox.putReset();
    // The reset voids live changes that were sent, and the page may be older than they are.
    if (this.#hasPassed) this.#mustRepeat = true;
  }
}
