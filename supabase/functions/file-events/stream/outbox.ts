import type { FileChange } from "./file_change.ts";

/** What waits to be sent. Its `cursor` covers everything sent before it, and itself. */
export type OutboxEntry =
  & (
    | { readonly kind: "change"; readonly change: FileChange }
    | { readonly kind: "reset" | "ready" | "heartbeat" }
  )
  & { readonly cursor?: string };

/**
 * The id that comes with a reset. It is no cursor: until a client is sent one, what it resumes from
 * is nothing, whatever it had before.
 */
const VOID_ID = "none";

/**
 * What the client has not yet read, in the order in which it will be sent.
 *
 * A newer state of a file replaces the one that waits, in its place, so that a slow client costs
 * one entry a file. A cursor stays behind every change it covers. Whoever puts changes in bounds
 * their number by {@linkcode fileCount}.
 */
export class Outbox {
  /** By file id, or by kind for what is no change. A Map keeps the order of insertion. */
  readonly #entries = new Map<string, OutboxEntry>();
  #cursor: string | null;
  #takenCursor: string | null;
  #fileCount = 0;
  #takenCount = 0;
  #readyTaken = false;
  #closed = false;
  #onEntry = () => {};
  #onTaken = () => {};

  /** @param cursor Covers what the client has already. */
  constructor(cursor: string | null) {
    this.#cursor = this.#takenCursor = cursor;
  }

  /** Covers all changes put in so far, `null` if nothing does. */
  get cursor(): string | null {
    return this.#cursor;
  }

  /** The files that wait. */
  get fileCount(): number {
    return this.#fileCount;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** The entries taken so far. */
  get takenCount(): number {
    return this.#takenCount;
  }

  get readyTaken(): boolean {
    return this.#readyTaken;
  }

  putChange(change: FileChange): void {
    const waiting = this.#entries.get(change.id);
    if (!waiting && !this.#closed) this.#fileCount++;
    // A cursor that rides on the older state must not be lost with it.
    this.#put(change.id, { ...waiting, kind: "change", change });
  }

  /** Puts `ready` behind all that waits, unless it waits already or has been taken. */
  putReady(): void {
    if (!this.#readyTaken && !this.#entries.has("ready")) this.#putWithCursor("ready");
  }

  /** Puts a heartbeat behind all that waits, in place of an earlier one. */
  putHeartbeat(): void {
    this.#entries.delete("heartbeat");
    this.#putWithCursor("heartbeat");
  }

  /** Drops all that waits: the client will be told to forget what it has. */
  putReset(): void {
    this.#drop();
    this.#cursor = null;
    this.#put("reset", { kind: "reset", cursor: VOID_ID });
  }

  /**
   * `cursor` covers all changes put in so far. It rides on the last entry, if that is a change: a
   * client that has been sent a reset and no `ready` must not be taken for one that has its files.
   */
  advance(cursor: string): void {
    this.#cursor = cursor;
    const [id, last] = [...this.#entries].at(-1) ?? [];
    if (id !== undefined && last?.kind === "change") this.#entries.set(id, { ...last, cursor });
  }

  /** Removes what is to be sent next, once there is something; `undefined` when closed. */
  async next(): Promise<OutboxEntry | undefined> {
    while (!this.#closed) {
      const entry = this.#take();
      if (entry) return entry;
      await new Promise<void>((resolve) => this.#onEntry = resolve);
    }
  }

  /** Resolves when all files that wait now have been taken or dropped. One caller at a time. */
  async flushed(): Promise<void> {
    // Not when none waits: a client that reads slower than files change would never get there.
    const target = this.#takenCount + this.#entries.size;
    while (this.#takenCount < target && this.#fileCount > 0) {
      await new Promise<void>((resolve) => this.#onTaken = resolve);
    }
  }

  /** Drops all that waits, and goes back to the last cursor that was taken. */
  rewind(): void {
    this.#drop();
    this.#cursor = this.#takenCursor;
  }

  /** Drops all that waits and lets go of whoever waits for it. */
  close(): void {
    this.#closed = true;
    this.#drop();
    this.#onEntry();
  }

  #take(): OutboxEntry | undefined {
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key);
      this.#takenCount++;
      this.#takenCursor = entry.cursor ?? this.#takenCursor;
      if (entry.kind === "ready") this.#readyTaken = true;
      if (entry.kind === "change") this.#fileCount--;
      this.#onTaken();
      return entry;
    }
  }

  #drop(): void {
    this.#entries.clear();
    this.#fileCount = 0;
    this.#onTaken();
  }

  #putWithCursor(kind: "ready" | "heartbeat"): void {
    this.#put(kind, this.#cursor === null ? { kind } : { kind, cursor: this.#cursor });
  }

  #put(key: string, entry: OutboxEntry): void {
    if (this.#closed) return;
    this.#entries.set(key, entry);
    this.#onEntry();
  }
}
