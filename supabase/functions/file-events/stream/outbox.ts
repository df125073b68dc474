import { type Backlog, sizeOf } from "./backlog.ts";
import type { FileChange } from "./file_change.ts";

/** An entry that waits to be sent. Its `cursor` covers the entry and everything sent before it. */
export type OutboxEntry =
  & (
    | { readonly kind: "change"; readonly change: FileChange }
    | { readonly kind: "reset" | "ready" | "heartbeat" }
  )
  & { readonly cursor?: string };

/**
 * The id of a reset. It is not a usable cursor: a client that reconnects before it has received one
 * gets another reset.
 */
const VOID_ID = "none";

/** The keys of entries that are not changes. A file's id can be any text, and is never equal to one. */
const KEYS = {
  reset: Symbol("reset"),
  ready: Symbol("ready"),
  heartbeat: Symbol("heartbeat"),
} as const;

/**
 * The queue of what the client has not yet read, in the order in which it will be sent.
 *
 * A newer state of a file replaces the one that waits and keeps its place, so that a slow client
 * costs one entry a file. A cursor always stays behind every change that it covers. The queue has
 * no limit: the caller of {@linkcode putChange} limits it by {@linkcode fileCount} and
 * {@linkcode hasRoom}.
 */
export class Outbox {
  /** Changes by file id, other entries by {@linkcode KEYS}. A Map keeps the order of insertion. */
  readonly #entries = new Map<string | symbol, OutboxEntry>();
  /** Covers all changes put in so far; `null` if no cursor does. */
  #cursor: string | null;
  /** The last cursor that was taken, or else the one that the client came with. */
  #takenCursor: string | null;
  readonly #backlog: Backlog;
  /** How many changes wait. */
  #fileCount = 0;
  /** The size of the changes that wait. */
  #size = 0;
  /** How many entries have been taken. */
  #takenCount = 0;
  /** How many of them the client has read. */
  #readCount = 0;
  /** `ready` has been taken, and no reset has been put in since. */
  #readyTaken = false;
  /** As many entries must have been read before {@linkcode flushed} resolves. */
  #mustBeRead = 0;
  /** Entries are no longer accepted. */
  #closed = false;
  /** Called when an entry is put in. */
  readonly #onEntry: () => void;
  /** Resumes the caller that waits in {@linkcode flushed}. */
  #onProgress: (() => void) | undefined;

  /**
   * @param cursor The cursor that the client came with. It covers what the client has.
   * @param onEntry Called when an entry is put in. It must not take the entry before the caller of
   * the outbox has returned, because the entry may still be given a cursor.
   * @param backlog Counts what waits in all outboxes.
   */
  constructor(cursor: string | null, onEntry: () => void, backlog: Backlog) {
    this.#cursor = this.#takenCursor = cursor;
    this.#onEntry = onEntry;
    this.#backlog = backlog;
  }

  /** Covers all changes put in so far; `null` if no cursor does. */
  get cursor(): string | null {
    return this.#cursor;
  }

  /** How many files have a change that waits. */
  get fileCount(): number {
    return this.#fileCount;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Whether the backlog allows what waits here. */
  get hasRoom(): boolean {
    const isReading = this.#takenCount > 0 && this.#readCount === this.#takenCount;
    return this.#backlog.allows(this.#size, isReading);
  }

  /** How many entries have been taken. */
  get takenCount(): number {
    return this.#takenCount;
  }

  /** How many entries the client has read. */
  get readCount(): number {
    return this.#readCount;
  }

  get readyTaken(): boolean {
    return this.#readyTaken;
  }

  putChange(change: FileChange): void {
    if (this.#closed) return;
    const waiting = this.#entries.get(change.id);
    if (waiting?.kind === "change") this.#count(waiting.change, -1);
    this.#count(change, 1);
    // The new entry keeps the cursor of the older state.
    this.#put(change.id, { ...waiting, kind: "change", change });
  }

  /** Puts `ready` behind all waiting entries, unless it waits or has been taken since the last reset. */
  putReady(): void {
    if (!this.#readyTaken && !this.#entries.has(KEYS.ready)) this.#putWithCursor("ready");
  }

  /** Puts a heartbeat behind all waiting entries. It replaces one that waits. */
  putHeartbeat(): void {
    this.#entries.delete(KEYS.heartbeat);
    this.#putWithCursor("heartbeat");
  }

  /** Drops all waiting entries and puts a reset, which makes the client forget what it has. */
  putReset(): void {
    this.#drop();
    this.#cursor = null;
    this.#readyTaken = false;
    this.#put(KEYS.reset, { kind: "reset", cursor: VOID_ID });
  }

  /**
   * Sets the cursor that covers all changes put in so far. The last entry carries it, if that is a
   * change. A reset never carries it, because a client that received the reset and no `ready` would
   * then resume as if it had its files.
   */
  advance(cursor: string): void {
    this.#cursor = cursor;
    const [key, last] = [...this.#entries].at(-1) ?? [];
    if (key !== undefined && last?.kind === "change") this.#entries.set(key, { ...last, cursor });
  }

  /** Takes the next entry, if there is one. */
  take(): OutboxEntry | undefined {
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key);
      this.#takenCount++;
      if (entry.kind === "ready") this.#readyTaken = true;
      if (entry.kind === "change") this.#count(entry.change, -1);
      this.#onProgress?.();
      return this.#withNewCursor(entry);
    }
  }

  /** The client has read the first entry that was taken and not read yet. */
  countRead(): void {
    this.#readCount++;
    this.#onProgress?.();
  }

  /**
   * Resolves when all files that wait now have been taken or dropped, and after a
   * {@linkcode rewind} when the client has read the heartbeat. One caller at a time.
   */
  async flushed(): Promise<void> {
    // Do not wait for an empty outbox: if files change faster than the client reads, it never is
    // empty.
    const target = this.#takenCount + this.#entries.size;
    while (this.#takenCount < target && this.#fileCount > 0) await this.#progress();
    while (this.#readCount < this.#mustBeRead && !this.#closed) await this.#progress();
  }

  /**
   * Drops all waiting entries and goes back to the last cursor that was taken. Puts a heartbeat:
   * when the client reads it, it has begun to read again.
   */
  rewind(): void {
    this.#drop();
    this.#cursor = this.#takenCursor;
    this.putHeartbeat();
    this.#mustBeRead = this.#takenCount + 1;
  }

  /** Drops all waiting entries and accepts no others. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /** Leaves the cursor out of a heartbeat if the client has it already. */
  #withNewCursor(entry: OutboxEntry): OutboxEntry {
    const { kind, cursor } = entry;
    if (cursor === undefined) return entry;
    if (kind === "heartbeat" && cursor === this.#takenCursor) return { kind };
    this.#takenCursor = cursor;
    return entry;
  }

  #progress(): Promise<void> {
    return new Promise((resolve) => this.#onProgress = resolve);
  }

  #count(change: FileChange, sign: 1 | -1): void {
    const size = sign * sizeOf(change);
    this.#fileCount += sign;
    this.#size += size;
    this.#backlog.add(size);
  }

  #drop(): void {
    this.#entries.clear();
    this.#backlog.add(-this.#size);
    this.#fileCount = this.#size = 0;
    this.#onProgress?.();
  }

  #putWithCursor(kind: "ready" | "heartbeat"): void {
    this.#put(KEYS[kind], this.#cursor === null ? { kind } : { kind, cursor: this.#cursor });
  }

  #put(key: string | symbol, entry: OutboxEntry): void {
    if (this.#closed) return;
    this.#entries.set(key, entry);
    this.#onEntry();
  }
}
