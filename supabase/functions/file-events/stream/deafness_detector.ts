import type { FileChange } from "./file_change.ts";

/** A change that a catch-up has found counts as missed if the feed has not brought it by then. */
const LATE_MS = 5_000;
/** One catch-up with missed changes proves nothing: above a tenant's limit messages are dropped. */
const STRIKES = 2;
const REJOIN_INTERVAL_MS = 60_000;
const MAX_OWED = 100;

/**
 * Detects a feed that is live and brings nothing, as Realtime's is after some outages: two
 * catch-ups in a row found changes which the feed had not brought within five seconds.
 *
 * A generation is the time from one change of the feed's state to the next. The first run of
 * catch-ups in a generation finds what was committed before; only later ones prove a miss.
 */
export class DeafnessDetector {
  /** What the feed should still bring, by file id; `since` is in milliseconds. */
  readonly #owed = new Map<string, { revision: number; since: number }>();
  /** Runs in a row with missed changes. */
  #strikes = 0;
  #nextRejoin = -Infinity;
  #isLive = false;
  /** The feed's state has not changed since the run began. */
  #isSameGeneration = false;
  /** The feed is live, and a complete run began in this generation. */
  #hasBaseline = false;
  /** A hint has come since the last run began. */
  #hinted = false;
  /** A hint asked for what this run finds, so the feed does not owe it. */
  #runIsHinted = false;

  feedChanged({ live }: { live: boolean }): void {
    this.#isLive = live;
    this.#isSameGeneration = this.#hasBaseline = false;
    this.#forgive();
  }

  feedHinted(): void {
    this.#hinted = this.#runIsHinted = true;
    this.#forgive();
  }

  feedBrought({ id, revision }: FileChange): void {
    this.#strikes = 0;
    const owed = this.#owed.get(id);
    if (owed && revision >= owed.revision) this.#owed.delete(id);
  }

  beginRun(): void {
    this.#isSameGeneration = true;
    this.#runIsHinted = this.#hinted;
    this.#hinted = false;
  }

  /** The run has found a change that the client lacked. `now` is in milliseconds. */
  found({ id, revision }: FileChange, now: number): void {
    if (!this.#hasBaseline || this.#runIsHinted || this.#owed.size >= MAX_OWED) return;
    this.#owed.set(id, { revision, since: now });
  }

  /**
   * A run has ended, completely or with an error.
   *
   * @returns Whether the feed is deaf and should rejoin: true once a minute at most.
   */
  endRun({ complete, now }: { complete: boolean; now: number }): boolean {
    if (complete) this.#hasBaseline ||= this.#isLive && this.#isSameGeneration;
    // The next run will find what the hint was about.
    else this.#hinted ||= this.#runIsHinted;
    const sizeBefore = this.#owed.size;
    for (const [id, { since }] of this.#owed) {
      if (now - since >= LATE_MS) this.#owed.delete(id);
    }
    if (this.#owed.size < sizeBefore) this.#strikes++;
    if (this.#strikes < STRIKES || now < this.#nextRejoin) return false;
    this.#nextRejoin = now + REJOIN_INTERVAL_MS;
    return true;
  }

  #forgive(): void {
    this.#owed.clear();
    this.#strikes = 0;
  }
}
