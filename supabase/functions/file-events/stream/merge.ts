import type { ChangesPage } from "./changes_since.ts";
import type { FileChange } from "./file_change.ts";
import type { Outbox } from "./outbox.ts";
import { RevisionMemory } from "./revision_memory.ts";

/** What has become of a live change. */
export type LiveVerdict =
  /** It waits in the outbox. */
  | "sent"
  /** The client has it already, or a newer state. */
  | "known"
  /** The catch-up that runs will return it, so it was dropped. */
  | "left to catch-up"
  /** It may be older than what the client has, so it was dropped: a catch-up must be requested. */
  | "uncertain"
  /** Too many files waited, so all were dropped: a catch-up must be requested. */
  | "overflow";

/** What has become of a page. */
export interface PageVerdict {
  /** Its changes that certainly had not been sent before. */
  readonly found: readonly FileChange[];
  /** Its changes that wait in the outbox now. */
  readonly sent: readonly FileChange[];
  /** Too many files waited, so all were dropped: the run must continue from an earlier cursor. */
  readonly overflow: boolean;
}

/**
 * Decides which changes pass to the client, so that no file goes back in time and none is lost. Live
 * changes and pages come in; what passes waits in the outbox.
 */
export class Merge {
  readonly #outbox: Outbox;
  readonly #maxFiles: number;
  readonly #memory: RevisionMemory;
  /** What happens to a live change. Only "passing" forwards it; a catch-up will return the others. */
  #liveChanges: "before first page" | "passing" | "overflowed" = "before first page";
  /** A live change has passed since the run began. */
  #hasPassed = false;
  /** The run that is under way may lack a change that was dropped, so another one must follow. */
  #mustRepeat = false;

  /** @param maxFiles How many files may wait, and how many revisions are remembered. */
  constructor(outbox: Outbox, maxFiles: number) {
    this.#outbox = outbox;
    this.#maxFiles = maxFiles;
    this.#memory = new RevisionMemory(maxFiles);
  }

  /** A page is void if this number has changed since the page was requested. */
  get generation(): number {
    return this.#memory.generation;
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

  /** A catch-up begins. */
  beginRun(): void {
    this.#hasPassed = this.#mustRepeat = false;
  }

  applyPage(page: ChangesPage): PageVerdict {
    if (page.reset) this.#reset();
    this.#memory.beginRun(page.coverage);
    // Judge all changes before any is sent, because sending makes the memory forget others.
    const lacking = page.changes.filter((change) => this.#memory.lacks(change));
    const found = lacking.filter((change) => !this.#memory.mayHaveForgotten(change));
    if (this.#liveChanges === "before first page") {
      this.#liveChanges = "passing";
      // This connection can't know what an earlier one has sent.
      if (!page.reset) this.#memory.assumeSent(page.revision);
    }
    const firstWithoutRoom = lacking.findIndex((change) => !this.#send(change));
    if (firstWithoutRoom >= 0) return { found, sent: [], overflow: true };
    this.#outbox.advance(page.cursor);
    return { found, sent: lacking, overflow: false };
  }

  /**
   * All pages have been applied, and live changes pass again.
   *
   * @returns Whether another catch-up must follow, for what this one may lack.
   */
  endRun(): boolean {
    this.#memory.endRun();
    this.#liveChanges = "passing";
    return this.#mustRepeat;
  }

  /** @returns Whether there was room. */
  #send(change: FileChange): boolean {
    this.#memory.remember(change);
    this.#outbox.putChange(change);
    if (this.#outbox.fileCount <= this.#maxFiles) return true;
    // The client reads too slowly. It is caught up from the last cursor that it was sent.
    this.#liveChanges = "overflowed";
    this.#memory.forgetAll();
    this.#outbox.rewind();
    return false;
  }

  #reset(): void {
    this.#memory.reset();
    this.#outbox.putReset();
    // The reset drops live changes that have passed; the page may have been read before them.
    if (this.#hasPassed) this.#mustRepeat = true;
  }
}
