import type { FileChange } from "./file_change.ts";

/**
 * The feed may deliver a change until this long after a catch-up has found it, in milliseconds.
 * Then the change counts as missed.
 */
const LATE_MS = 5_000;
/**
 * The feed is deaf after this many catch-ups with missed changes. One proves nothing, because
 * Realtime drops messages above a project's limits.
 */
const MISSES_OF_A_DEAF_FEED = 2;
/** The shortest time between two rejoins, in milliseconds. */
const REJOIN_INTERVAL_MS = 60_000;
/** How many changes are waited for at once. A few are enough to detect a deaf feed. */
const MAX_EXPECTED = 100;

/**
 * Detects a feed that is live and delivers nothing, as Realtime's does after some outages. The feed
 * is deaf if two catch-ups end with missed changes and it has delivered nothing in between. A
 * missed change is one that a catch-up found and that the feed did not deliver within five seconds.
 *
 * A generation is the time from one change of the feed's state to the next. The first
 * catch-up of a generation finds what was committed before it, so only later ones can prove a miss.
 */
export class DeafnessDetector {
  /**
   * The changes that the feed should still deliver, by file id. Each was found at `since` (ms). Most
   * streams never need it.
   */
  #expected: Map<string, { revision: number; since: number }> | undefined;
  /** Catch-ups that ended with missed changes since the feed last reported anything. */
  #misses = 0;
  /** No rejoin is requested before this time, in milliseconds. */
  #nextRejoin = -Infinity;
  /** The feed's last report of its state was `live`. */
  #isLive = false;
  /** The feed's state has not changed since the current catch-up began. */
  #isSameGeneration = false;
  /** The feed is live, and a catch-up has begun and ended completely in this generation. */
  #hasBaseline = false;
  /** The next catch-up may find changes that a hint or a ping announced. */
  #hinted = false;
  /**
   * The current catch-up may find changes that a hint or a ping announced, so the feed need not
   * deliver them.
   */
  #catchUpIsHinted = false;

  feedChanged({ live }: { live: boolean }): void {
    this.#isLive = live;
    this.#isSameGeneration = this.#hasBaseline = false;
    this.#forgetMisses();
  }

  /** The feed has delivered a hint or a ping, so it works. */
  feedHinted(): void {
    this.#hinted = this.#catchUpIsHinted = true;
    this.#forgetMisses();
  }

  feedDelivered({ id, revision }: FileChange): void {
    this.#misses = 0;
    const expected = this.#expected?.get(id);
    if (expected && revision >= expected.revision) this.#expected?.delete(id);
  }

  beginCatchUp(): void {
    this.#isSameGeneration = true;
    this.#catchUpIsHinted = this.#hinted;
    this.#hinted = false;
  }

  /** The catch-up has found a change that the client lacked. `now` is in milliseconds. */
  found({ id, revision }: FileChange, now: number): void {
    if (!this.#hasBaseline || this.#catchUpIsHinted) return;
    this.#expected ??= new Map();
    if (this.#expected.size < MAX_EXPECTED) this.#expected.set(id, { revision, since: now });
  }

  /**
   * The catch-up has ended, completely or with an error.
   *
   * @returns Whether the feed is deaf and should rejoin: true at most once a minute.
   */
  endCatchUp({ complete, now }: { complete: boolean; now: number }): boolean {
    if (complete) this.#hasBaseline ||= this.#isLive && this.#isSameGeneration;
    // The next catch-up will find what the hint announced.
    else this.#hinted ||= this.#catchUpIsHinted;
    if (this.#forgetLate(now)) this.#misses++;
    if (this.#misses < MISSES_OF_A_DEAF_FEED || now < this.#nextRejoin) return false;
    this.#nextRejoin = now + REJOIN_INTERVAL_MS;
    return true;
  }

  /** @returns Whether the feed was expected to deliver something by now. */
  #forgetLate(now: number): boolean {
    let hasMissed = false;
    for (const [id, { since }] of this.#expected ?? []) {
      if (now - since < LATE_MS) continue;
      this.#expected?.delete(id);
      hasMissed = true;
    }
    return hasMissed;
  }

  #forgetMisses(): void {
    this.#expected = undefined;
    this.#misses = 0;
  }
}
