import type { Caller } from "./caller.ts";
import type {
  ChangesPage,
  ChangesQuery,
  ChangesSince,
  ChangesSinceOptions,
} from "./changes_since.ts";
import type { Clock } from "../clock.ts";
import { type Coverage, covers, COVERS_NOTHING } from "./coverage.ts";
import type { FeedMessage } from "./file_feed.ts";
import { PingPace } from "./ping_pace.ts";

export interface PingAnswererOptions {
  /** Receives all messages of the subscription, and passes them to every stream that shares it. */
  readonly onMessage: (message: FeedMessage) => void;
  readonly changesSince: ChangesSince;
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborts when the subscription ends. */
  readonly signal: AbortSignal;
}

/** From where the next query reads. */
interface Cursor {
  /** `null`: there is no cursor. The query only returns one that covers the present. */
  readonly since: string | null;
  /** The cursor is usable only in queries with this value. */
  readonly snapshot: boolean;
  /** The transactions whose changes every stream has, or will query for itself. */
  readonly coverage: Coverage;
}

const NO_CURSOR: Cursor = { since: null, snapshot: false, coverage: COVERS_NOTHING };

/** The queries of many users whom one transaction concerns are spread over this time, in milliseconds. */
const SPREAD_MS = 1_000;
/** How many unanswered pings are told apart. */
const MAX_UNANSWERED = 100;
/** Larger than every transaction id, so that no coverage contains it. */
const NEVER_COVERED = 2n ** 64n;

/**
 * Answers the pings of one subscription: queries for what has changed since its cursor, and passes
 * the changes to all streams as if the feed had delivered them. So live changes are read with the
 * caller's token, and every policy applies. Nothing relies on it: a change that it does not deliver
 * is found by the next catch-up of each stream.
 *
 * **When.** A ping whose transaction the cursor covers needs no query. Otherwise a query begins at
 * once if the last one is long enough ago ({@linkcode PingPace}), or else after a pause. A ping that arrives before a query
 * begins is answered by this query even if the cursor of the answer does not cover it, because the
 * change was committed before the ping was sent. So more running transactions than a cursor can name
 * cause no endless loop. A ping that arrives later and is not covered is answered by another query.
 * So the last ping is always answered.
 *
 * **From which cursor.** The rule is: each stream has what the cursor covers, or has yet to begin a
 * query that returns it. Otherwise a stream would lack changes whose pings are skipped.
 * - A page that the answerer queried for is passed to all streams, so its cursor obeys the rule if
 *   the one before did. That is also so for a stream that joins later, because it queries for itself
 *   when it begins.
 * - The last page of a run that a stream queried for itself was passed to this stream only. Its
 *   cursor is adopted only while no other stream has queried. A stream that has not queried yet will
 *   do so later, so its answer is newer than this page. A stream that has left lacks nothing. While
 *   the feed is down, and when it is live again, nothing changes: pings are lost, the cursor stays as
 *   it is, and each stream queries for itself.
 * - Without a cursor the query returns no changes, and a cursor that covers the present. Then a hint
 *   lets all streams catch up by themselves, after that present.
 *
 * Polls pass on no live changes. If there are only polls, a hint takes the place of the query. While
 * no stream is there, nobody hears it.
 *
 * If the answer is not complete, the cursor is not usable, or the query fails, a hint lets all
 * streams catch up by themselves. They also repeat failed queries and judge faults.
 *
 * The streams have equal rights and may differ in `file_id`. The query reads all files of the user,
 * and each stream drops what it has not asked for. The cursor of a stream that asked for some files
 * is of no use here.
 */
export class PingAnswerer {
  readonly #options: PingAnswererOptions;
  /** Of all callers of the subscription, the one whose token expires last. */
  #caller: Caller;
  /**
   * The streams that have queried for themselves and have not ended, by their signals, and whether
   * each is a poll.
   */
  readonly #streams = new Map<AbortSignal, boolean>();
  #cursor = NO_CURSOR;
  /** The transactions of pings that arrived after the last query began, and are not covered. */
  readonly #unanswered = new Set<bigint>();
  #isQuerying = false;
  readonly #pace = new PingPace();
  /** When the timer fires, in milliseconds; `Infinity` if there is none. */
  #timerAt = Infinity;
  #cancelTimer = () => {};

  constructor(caller: Caller, options: PingAnswererOptions) {
    this.#caller = caller;
    this.#options = options;
  }

  receive(message: FeedMessage): void {
    this.#options.onMessage(message);
    if (message.kind !== "ping") return;
    const { changedIn, concernsMany } = message;
    if (covers(this.#cursor.coverage, changedIn)) return;
    this.#unanswered.add(this.#unanswered.size < MAX_UNANSWERED ? changedIn : NEVER_COVERED);
    if (!this.#isQuerying) this.#schedule(concernsMany ? SPREAD_MS * this.#options.random() : 0);
  }

  /** A token of the same user and rights, which is used if it expires later. */
  offerToken(caller: Caller): void {
    if (caller.expiresAt > this.#caller.expiresAt) this.#caller = caller;
  }

  /** A stream queries for itself. Its signal aborts when it ends. */
  addStream(
    { signal, isPoll = false }: Pick<ChangesSinceOptions, "signal" | "isPoll">,
  ): void {
    if (signal.aborted || this.#streams.has(signal)) return;
    this.#streams.set(signal, isPoll);
    signal.addEventListener("abort", () => this.#streams.delete(signal), { once: true });
  }

  /** A page that a stream has queried for itself. */
  offerPage(page: ChangesPage, { fileIds, snapshot }: ChangesQuery, stream: AbortSignal): void {
    // The database has been restored: its transactions are others than those that the cursor covers.
    if (page.reset && page.coverage.bound < this.#cursor.coverage.bound) this.#cursor = NO_CURSOR;
    const isAlone = this.#streams.size === 1 && this.#streams.has(stream);
    if (isAlone && fileIds === null && !page.more) this.#advance(page, snapshot);
  }

  /** The subscription has ended. */
  stop(): void {
    this.#cancelTimer();
  }

  #schedule(wait: number): void {
    const { clock, signal } = this.#options;
    // A message can end the last stream, and with it the subscription.
    if (signal.aborted) return;
    const now = clock.now();
    const at = Math.max(now + wait, this.#pace.pauseEndsAt);
    if (at <= now) return void this.#query();
    if (at >= this.#timerAt) return;
    this.#cancelTimer();
    this.#timerAt = at;
    this.#cancelTimer = clock.after(at - now, () => {
      this.#timerAt = Infinity;
      if (this.#unanswered.size > 0) void this.#query();
    });
  }

  /** Never rejects. */
  async #query(): Promise<void> {
    const { changesSince, clock, signal } = this.#options;
    this.#cancelTimer();
    this.#timerAt = Infinity;
    // Polls query for themselves, and a stream that has not queried yet will do so.
    if (!this.#streams.values().some((isPoll) => !isPoll)) return this.#hint();
    this.#isQuerying = true;
    const { since, snapshot } = this.#cursor;
    const askedAt = clock.now();
    const onBegin = () => this.#unanswered.clear();
    const query = { since, fileIds: null, snapshot };
    const page = await changesSince(this.#caller, query, { signal, onBegin })
      .catch(() => undefined);
    this.#isQuerying = false;
    if (signal.aborted) return;
    this.#pace.ended({ failed: page === undefined, askedAt, now: clock.now() });
    this.#apply(page, query);
    if (this.#unanswered.size > 0) this.#schedule(0);
  }

  /** @param page `undefined` if the query has failed. */
  #apply(page: ChangesPage | undefined, { since, snapshot }: ChangesQuery): void {
    const isComplete = page && !page.more && (!page.reset || since === null);
    if (isComplete) this.#advance(page, snapshot);
    // A query may fail for a while. Its cursor stays usable.
    else if (page) this.#cursor = NO_CURSOR;
    if (!isComplete || since === null) return this.#hint();
    for (const change of page.changes) this.#options.onMessage({ kind: "change", change });
  }

  #advance({ cursor, coverage }: ChangesPage, snapshot: boolean): void {
    if (coverage.bound < this.#cursor.coverage.bound) return;
    this.#cursor = { since: cursor, snapshot, coverage };
    for (const transaction of this.#unanswered) {
      if (covers(coverage, transaction)) this.#unanswered.delete(transaction);
    }
  }

  /** All streams query, after every ping that has arrived. */
  #hint(): void {
    this.#unanswered.clear();
    this.#options.onMessage({ kind: "hint" });
  }
}
