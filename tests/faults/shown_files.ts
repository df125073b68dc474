import type { FileEvents } from "../../client/file_events.ts";
import type { FileEvent, FileState } from "../../client/protocol.ts";

/**
 * Watches what a client shows, from one moment to the next, and finds what no page may ever see. It
 * does not know what the files should be in the end.
 */
export class ShownFiles {
  readonly violations: string[] = [];
  readonly #files: FileEvents;
  readonly #mayShow: (file: FileState) => boolean;
  readonly #isGarbled: () => boolean;
  /** As subscribers were last told. */
  #list: readonly FileState[] = [];
  /** The last revisions of files that have left the list, by id. */
  readonly #gone = new Map<string, number>();
  /** How many new lists the client has had since subscribers were last told. */
  #newLists = 0;
  /** How many lists of other tabs it may have had since then. */
  #exchanges = 0;
  /** From a `reset` to its `ready`: what the client had at the `reset`, by id. */
  #frozen: Map<string, FileState | undefined> | undefined;
  readonly #ids = new Set<string>();

  /**
   * @param mayShow Whether a file may be shown now: it is one of the signed-in user's.
   * @param isGarbled Whether an event could not be read.
   */
  constructor(
    files: FileEvents,
    mayShow: (file: FileState) => boolean,
    isGarbled = () => false,
  ) {
    this.#files = files;
    this.#mayShow = mayShow;
    this.#isGarbled = isGarbled;
  }

  /** @returns Ends the subscriptions. */
  subscribe(): () => void {
    // What was there before may have been dropped meanwhile.
    this.#list = [];
    this.#gone.clear();
    const stopList = this.#files.subscribe((list) => this.#look(list));
    const stopStatus = this.#files.connection.subscribe(({ state, reason }) => {
      if (state === "refused" || reason === "invalid-event" && !this.#isGarbled()) {
        this.violations.push(`the connection is ${state}, because of ${reason}`);
      }
      if (state === "signed-out") this.#expectEmpty();
    });
    // What is shown first is not a file of an earlier user either.
    this.check();
    return () => {
      stopList();
      stopStatus();
    };
  }

  /** A connection begins, with files that the client has or without. */
  connect(hasFiles: boolean): void {
    if (!hasFiles) this.#frozen = undefined;
  }

  /** The list may have been exchanged without events, for that of another tab. */
  exchange(): void {
    this.#exchanges++;
    this.#frozen = undefined;
  }

  /** An event has arrived, and the client has not applied it. */
  receive(event: FileEvent): void {
    if (event.eventType === "file-update") this.#ids.add(event.file.id);
    for (const [id, file] of this.#frozen ?? []) {
      if (this.#files.get(id) !== file) this.violations.push("a file changed before ready");
    }
    if (event.eventType === "reset") {
      this.#frozen = new Map([...this.#ids].map((id) => [id, this.#files.get(id)]));
    }
    if (event.eventType === "ready") {
      if (this.#frozen) this.#newLists++;
      this.#frozen = undefined;
    }
  }

  /** Nothing moves at this moment. */
  check(): void {
    if (this.#files.connection.value.state === "signed-out") this.#expectEmpty();
    if (!this.#files.value.every(this.#mayShow)) {
      this.violations.push("it shows a file of another user");
    }
  }

  /** A deleted file comes back with a higher revision only. */
  #expectNoReturn(list: readonly FileState[], before: ReadonlyMap<string, FileState>): void {
    // All files have gone when their user leaves, and come back with him.
    if (list.length === 0 || this.#newLists > 0) this.#gone.clear();
    else for (const { id, revision } of before.values()) this.#gone.set(id, revision);
    for (const { id, revision } of list) {
      if (!before.has(id) && this.#gone.get(id)! >= revision) {
        this.violations.push("a deleted file came back");
      }
      this.#gone.delete(id);
    }
  }

  #expectEmpty(): void {
    if (this.#files.value.length > 0) this.violations.push("it shows files while signed out");
  }

  #look(list: readonly FileState[]): void {
    if (!list.every((file, i) => i === 0 || isBefore(list[i - 1]!, file))) {
      this.violations.push("the list is not sorted, or has a file twice");
    }
    const before = new Map(this.#list.map((file) => [file.id, file]));
    this.#expectNoReturn(list, before);
    for (const file of list) {
      const known = before.get(file.id);
      if (!known || known === file) continue;
      if (known.revision > file.revision && this.#newLists === 0) {
        this.violations.push("a shown file went back in time");
      }
      // Of two new lists, the first may have lacked it.
      const newLists = this.#newLists + this.#exchanges;
      if (JSON.stringify(known) === JSON.stringify(file) && newLists < 2) {
        this.violations.push("a file that has not changed is another object");
      }
    }
    this.#list = list;
    this.#newLists = this.#exchanges = 0;
  }
}

/** The latest file comes first. */
function isBefore(a: FileState, b: FileState): boolean {
  const [created, next] = [a.created_at ?? "", b.created_at ?? ""];
  return created > next || created === next && a.id > b.id;
}
