import type { Caller } from "../stream/caller.ts";
import type {
  ChangesPage,
  ChangesQuery,
  ChangesSince,
  ChangesSinceOptions,
} from "../stream/changes_since.ts";
import type { Clock } from "../clock.ts";
import type { QueryChanges } from "./query_changes.ts";
import { TurnQueue } from "./turn_queue.ts";

interface WaitingQuery {
  /** Equal queries have equal keys. */
  readonly key: string;
  readonly query: ChangesQuery;
  /** The caller whose token the query will use: of all that wait, the one that expires last. */
  caller: Caller;
  /** When the first stream asked, in milliseconds since the Unix epoch. */
  readonly askedAt: number;
  /** What the streams that wait for the answer have passed. */
  readonly streams: ChangesSinceOptions[];
  readonly answer: PromiseWithResolvers<ChangesPage>;
}

/** How many queries of one isolate run at the same time. */
const MAX_QUERIES = 8;
/** How long a query may wait for its turn, in milliseconds. */
const MAX_WAIT_MS = 10_000;

/**
 * Runs at most 8 queries at once. The others wait, and users take turns, so that a user with many
 * queries does not delay the first page of another. Equal queries that still wait become one query.
 *
 * A query that has begun is not shared, because its answer may lack changes that a new query must
 * return. After an outage all streams query at once, and then those of one user cost one query. A
 * query whose streams have all ended is dropped. A query that has waited too long rejects, and its
 * streams retry.
 */
export function shareChangesSince(
  queryChanges: QueryChanges,
  clock: Pick<Clock, "now">,
): ChangesSince {
  const queue = new TurnQueue<WaitingQuery>();
  /** The queries in the queue, by key. */
  const waiting = new Map<string, WaitingQuery>();
  let running = 0;

  function beginQueries(): void {
    while (running < MAX_QUERIES && queue.offer(begin));
  }

  /** Returns false if the query is dropped instead. */
  function begin(query: WaitingQuery): boolean {
    waiting.delete(query.key);
    const reason = reasonToDrop(query, clock.now());
    if (reason) query.answer.reject(reason);
    else void run(query);
    return !reason;
  }

  async function run({ caller, query, streams, answer }: WaitingQuery): Promise<void> {
    running++;
    try {
      for (const { onBegin } of streams) onBegin();
      answer.resolve(await queryChanges(caller, query));
    } catch (error) {
      answer.reject(error);
    } finally {
      running--;
      beginQueries();
    }
  }

  return (caller, query, stream) => {
    const { since, fileIds, snapshot } = query;
    const key = JSON.stringify([caller.userId, caller.rights, since, fileIds, snapshot]);
    const equal = waiting.get(key);
    if (equal) {
      equal.streams.push(stream);
      // The token that expires last is the most likely to be valid when the query begins.
      if (caller.expiresAt > equal.caller.expiresAt) equal.caller = caller;
      return equal.answer.promise;
    }
    const answer = Promise.withResolvers<ChangesPage>();
    const added = { key, query, caller, askedAt: clock.now(), streams: [stream], answer };
    waiting.set(key, added);
    queue.add(caller.userId, added);
    // One microtask later, so that equal queries of the same instant can be shared.
    void Promise.resolve().then(beginQueries);
    return answer.promise;
  };
}

function reasonToDrop({ askedAt, streams }: WaitingQuery, now: number): DOMException | undefined {
  if (streams.every(({ signal }) => signal.aborted)) {
    return new DOMException("Nobody waits for the changes", "AbortError");
  }
  if (now - askedAt > MAX_WAIT_MS) {
    return new DOMException("Too many queries wait for the database", "TimeoutError");
  }
}
