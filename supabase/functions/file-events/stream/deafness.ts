import type { FileChange } from "../database/file_change.ts";

/** A change that a catch-up has found counts as missed if the feed hasn't brought it by then. */
const LATE_MS = 5_000;
/** Once is chance: a message can be dropped above a tenant's limit. */
const STRIKES = 2;
const REJOIN_EVERY_MS = 60_000;
const MAX_PENDING = 100;

/**
 * Notices a feed that seems alive and brings nothing, as Realtime's does after some outages: in two
 * catch-ups in a row there were changes, each known for five seconds, that it had not brought.
 */
export class Deafness {
  /** By file id: what the feed still owes us, and since when (ms). */
  readonly #owed = new Map<string, { revision: number; since: number }>();
  #strikes = 0;
  #nextRejoin = -Infinity;

  /** A catch-up has found a change that the feed should have brought. */
  found({ id, revision }: FileChange, now: number): void {
    if (this.#owed.size < MAX_PENDING) this.#owed.set(id, { revision, since: now });
  }

  /** The feed has brought a change. */
  arrived({ id, revision }: FileChange): void {
    this.#strikes = 0;
    const owed = this.#owed.get(id);
    if (owed && revision >= owed.revision) this.#owed.delete(id);
  }

  /** The feed owes nothing: it has joined anew, or its hint has stood for what was missing. */
  reset(): void {
    this.#owed.clear();
    this.#strikes = 0;
  }

  /** To be asked after each catch-up. True, at most once a minute: the feed should rejoin. */
  judge(now: number): boolean {
    const sizeBefore = this.#owed.size;
    for (const [id, { since }] of this.#owed) {
      if (now - since >= LATE_MS) this.#owed.delete(id);
    }
    if (this.#owed.size < sizeBefore) this.#strikes++;
    if (this.#strikes < STRIKES || now < this.#nextRejoin) return false;
    this.#nextRejoin = now + REJOIN_EVERY_MS;
    this.reset();
    return true;
  }
}
