import type { FileEvent } from "../../client/protocol.ts";

/** Finds what a stream does that `docs/protocol.md` rules out, in the events that a client reads. */
export class ProtocolChecker {
  /** What the stream did that the protocol rules out. */
  readonly violations: string[] = [];
  /** `ready` messages since the connection began or its last `reset`. */
  #readies = 0;
  /** The connection resumes, or its `reset` has come. */
  #snapshotBegun = false;
  #closed = false;
  #isPoll = false;
  /** Of the files that a client has by now, by id. */
  readonly #revisions = new Map<string, number>();

  /**
   * @param lastEventId The id that the client resumes from, if there is one.
   * @param isPoll The id of all events comes with the last one.
   */
  connect(lastEventId: string | null, { isPoll = false } = {}): void {
    this.#isPoll = isPoll;
    this.#readies = 0;
    this.#closed = false;
    // A client without an id has no files.
    if (lastEventId === null) this.#revisions.clear();
    this.#snapshotBegun = lastEventId !== null && lastEventId !== "none";
  }

  receive(event: FileEvent, id: string | undefined): void {
    if (this.#closed) this.violations.push("an event after closing");
    switch (event.eventType) {
      case "reset":
        this.#revisions.clear();
        this.#snapshotBegun = true;
        this.#readies = 0;
        if (id !== "none" && !this.#isPoll) this.violations.push("a reset without its id");
        return;
      case "file-update": {
        const { id, revision } = event.file;
        if (!this.#snapshotBegun) this.violations.push("a snapshot without a reset");
        if (revision < (this.#revisions.get(id) ?? 0)) {
          this.violations.push("a file went back in time");
        }
        this.#revisions.set(id, revision);
        return;
      }
      case "file-deleted":
        this.#revisions.delete(event.file.id);
        return;
      case "ready":
        if (!this.#snapshotBegun) this.violations.push("ready without a reset");
        if (++this.#readies > 1) this.violations.push("ready twice without a reset");
        return;
      case "closing":
        this.#closed = true;
        if (id !== undefined && !this.#isPoll) this.violations.push("closing has an id");
    }
  }
}
