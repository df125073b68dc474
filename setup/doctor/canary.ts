import { setTimeout } from "node:timers/promises";
import type { TableMapping } from "../mapping/table_mapping.ts";
import { canaryChange, canaryRow, type Row } from "./canary_row.ts";
import type { CanaryWriter, Place, Written } from "./canary_writer.ts";

export interface CanaryOptions {
  readonly mapping: TableMapping;
  readonly userId: string;
  readonly more: Row;
  /** In the order in which they are tried: as the user, then as the database's owner. */
  readonly writers: readonly CanaryWriter[];
  /** From a deletion without an answer to the next attempt, in milliseconds. */
  readonly retryMs?: number;
}

const RETRY_MS = 2_000;
/** How often a deletion is attempted in the end: the network may be gone for a moment. */
const ATTEMPTS = 3;

/**
 * The doctor's row. It is written by the first writer that may. `release` deletes it, whatever has
 * happened before.
 */
export class Canary {
  readonly #options: CanaryOptions;
  readonly #row: ReturnType<typeof canaryRow>;
  #id: string | undefined;
  #changes = 0;
  /**
   * - "none": no row was written.
   * - "there": it was, or it may have been.
   * - "deleted": it was deleted.
   */
  #state: "none" | "there" | "deleted" = "none";
  /** The insert that is under way. `release` waits for it, because it decides whether there is a row. */
  #inserting: Promise<unknown> = Promise.resolve();

  constructor(options: CanaryOptions) {
    this.#options = options;
    const { mapping, userId, more } = options;
    this.#row = canaryRow(mapping, { name: crypto.randomUUID(), userId, more });
    this.#id = this.#row.id;
  }

  /** As text. `undefined` if the database makes it and has not said it. */
  get id(): string | undefined {
    return this.#id;
  }

  get isLeft(): boolean {
    return this.#state === "there";
  }

  insert(): Promise<Written> {
    const insert = this.#try((writer) => writer.insert(this.#row.row, { id: this.#row.id }))
      .then((written) => {
        const isThere = written.result === "done" || written.result === "unknown";
        if (isThere) this.#state = "there";
        this.#id = written.ids[0] ?? this.#id;
        return written;
      });
    this.#inserting = insert;
    return insert;
  }

  /**
   * Changes a streamed column.
   *
   * @param options.asksForRevision Only asks for a new revision: a trigger of the user's may undo
   * what changes a column.
   */
  update({ asksForRevision = false } = {}): Promise<Written> {
    const times = ++this.#changes;
    const mark = asksForRevision ? undefined : this.#row.mark;
    const changes = canaryChange(this.#options.mapping, { mark, times });
    return this.#try((writer) => writer.update(this.#place()!, changes));
  }

  async remove(): Promise<Written> {
    const place = this.#place();
    if (!place) return { result: "unknown", ids: [], words: "its id is not known" };
    let written = await this.#try((writer) => writer.remove(place));
    const { mark } = this.#row;
    // A trigger of the user's may have given the row another id.
    if (written.result === "done" && written.ids.length === 0 && mark && place !== mark) {
      written = await this.#try((writer) => writer.remove(mark));
    }
    if (written.ids.length > 0) this.#state = "deleted";
    return written;
  }

  /** Deletes the row if there is one. Returns whether none is left. */
  async release(): Promise<boolean> {
    await this.#inserting;
    for (let attempt = 1; this.isLeft; attempt++) {
      const { result } = await this.remove();
      if (result !== "unknown" || !this.#place() || attempt === ATTEMPTS) break;
      await setTimeout(this.#options.retryMs ?? RETRY_MS);
    }
    return !this.isLeft;
  }

  /** The id, once it is known; before that what marks the row. */
  #place(): Place | undefined {
    if (this.#id === undefined) return this.#row.mark;
    return { column: this.#options.mapping.id, value: this.#id };
  }

  /** The first writer that is not forbidden to, and finds the row. */
  async #try(write: (writer: CanaryWriter) => Promise<Written>): Promise<Written> {
    let written: Written = { result: "forbidden", ids: [] };
    for (const writer of this.#options.writers) {
      written = await write(writer);
      const isInVain = written.result === "forbidden" ||
        written.result === "done" && written.ids.length === 0;
      if (!isInVain) break;
    }
    return written;
  }
}
