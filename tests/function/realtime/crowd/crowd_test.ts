import assert from "node:assert/strict";
import { createRateCounter } from "../../../../local/realtime/rate_counter.ts";
import { broadcastSource } from "../../../../supabase/functions/file-events/realtime/broadcast_source.ts";
import { createRealtimeFeed } from "../../../../supabase/functions/file-events/realtime/realtime_feed.ts";
import { createSocketPool } from "../../../../supabase/functions/file-events/realtime/socket_pool.ts";
import type { FileFeed } from "../../../../supabase/functions/file-events/stream/file_feed.ts";
import { seededRandom } from "../../../support/seeded_random.ts";
import { EventQueue } from "./event_queue.ts";
import { SimulatedRealtime } from "./simulated_realtime.ts";

/** Makes the function that counts a join and says whether it is one too many. */
type Limit = (time: EventQueue) => () => boolean;

const unlimited: Limit = () => () => true;

/** As on a real server: a counter that is read every 5 s, averaged over up to 60 s. */
const averaged = (perSecond: number): Limit => (time) => {
  const counter = createRateCounter({ readMs: 5_000, readings: 12, now: () => time.now() });
  return () => {
    counter.add();
    return counter.perSecond() <= perSecond;
  };
};

const strict = (perSecond: number): Limit => (time) => {
  let second = -1;
  let joins = 0;
  return () => {
    const now = Math.floor(time.now() / 1_000);
    if (now !== second) [second, joins] = [now, 0];
    return ++joins <= perSecond;
  };
};

interface CrowdOptions {
  readonly limit: Limit;
  readonly isolates?: number;
  /** In each isolate. */
  readonly users: number;
  readonly roundTripMs?: number;
  /** The time in which all users come. */
  readonly arrivalMs?: number;
  /** Users of the first isolate who come later, one each second. */
  readonly latecomers?: number;
}

/** Users of several isolates who join one server. */
class Crowd {
  readonly time = new EventQueue();
  readonly server: SimulatedRealtime;
  /** How many users there are without the latecomers. */
  readonly #crowd: number;
  /** How many users have come. */
  #size = 0;
  #live = 0;

  constructor({ limit, users, ...options }: CrowdOptions) {
    const { isolates = 1, roundTripMs = 20, arrivalMs = 0, latecomers = 0 } = options;
    const { time } = this;
    this.#crowd = isolates * users;
    this.server = new SimulatedRealtime(time, { roundTripMs, admits: limit(time) });
    const random = seededRandom(1);
    for (let isolate = 0; isolate < isolates; isolate++) {
      const feed = this.#createFeed(random);
      for (let user = 0; user < users; user++) {
        time.after(random() * arrivalMs, () => this.#subscribe(feed));
      }
      if (isolate > 0) continue;
      for (let n = 1; n <= latecomers; n++) time.after(n * 1_000, () => this.#subscribe(feed));
    }
    // All who come at once have come.
    time.runUntil(() => false, 0);
  }

  #createFeed(random: () => number): FileFeed {
    const options = { clock: this.time, random, log: () => {} };
    const createWebSocket = () => this.server.createWebSocket();
    const sockets = createSocketPool({ ...options, createWebSocket });
    return createRealtimeFeed(broadcastSource, { ...options, sockets });
  }

  #subscribe(feed: FileFeed): void {
    const caller = { userId: `${this.#size++}`, token: "", expiresAt: 0, rights: "" };
    feed(caller, ({ kind }) => {
      if (kind === "live") this.#live++;
      if (kind === "down") this.#live--;
    }, { signal: new AbortController().signal });
  }

  /** Lets time pass until all are live. Returns how long that took, and fails after `limitMs`. */
  allLiveWithin(limitMs: number): number {
    const from = this.time.now();
    const areLive = this.time.runUntil(() => this.#live >= this.#crowd, limitMs);
    assert.ok(areLive, `${this.#live} of ${this.#crowd} are live after ${limitMs} ms`);
    return this.time.now() - from;
  }

  get waiting(): number {
    return this.#size - this.#live;
  }

  pass(ms: number): void {
    this.time.runUntil(() => false, ms);
  }
}

for (const [roundTripMs, limitMs] of [[1, 1_000], [20, 1_000], [80, 2_000]] as const) {
  Deno.test(`1,000 users of an isolate are live within ${limitMs} ms, ${roundTripMs} ms from the server`, () => {
    const crowd = new Crowd({ limit: unlimited, users: 1_000, roundTripMs });
    crowd.allLiveWithin(limitMs);
    assert.equal(crowd.server.sockets, 10);
  });
}

for (
  const [downMs, limitMs] of [[0, 1_500], [500, 4_000], [1_000, 4_000], [2_000, 4_000]] as const
) {
  Deno.test(`1,000 users are live ${limitMs} ms after the end of a restart of ${downMs} ms`, () => {
    const crowd = new Crowd({ limit: unlimited, users: 1_000 });
    crowd.allLiveWithin(1_000);
    crowd.pass(60_000);
    crowd.server.restart(downMs);
    crowd.allLiveWithin(downMs + limitMs);
    assert.equal(crowd.server.joins, 2_000);
  });
}

const limits: [name: string, limit: Limit][] = [
  ["100 joins a second, averaged as on a real server", averaged(100)],
  ["100 joins in each second", strict(100)],
];
for (const [name, limit] of limits) {
  for (const arrivalMs of [0, 20_000]) {
    Deno.test(`20 isolates of 300 users, who come in ${arrivalMs} ms, all get in: ${name}`, () => {
      const crowd = new Crowd({ limit, isolates: 20, users: 300, arrivalMs });
      // At 100 a second it takes 60 s.
      crowd.allLiveWithin(200_000);
      assert.ok(crowd.server.refusals < 150, `${crowd.server.refusals} refusals`);
      crowd.pass(60_000);
      const { refusals } = crowd.server;
      crowd.server.restart(2_000);
      crowd.allLiveWithin(240_000);
      assert.ok(crowd.server.refusals - refusals < 150, `${crowd.server.refusals} refusals`);
    });
  }
}

Deno.test("one isolate gets its users in where a server takes 10 joins a second", () => {
  const crowd = new Crowd({ limit: strict(10), users: 300 });
  // At 10 a second it takes 30 s.
  crowd.allLiveWithin(120_000);
  assert.ok(crowd.server.refusals < 10, `${crowd.server.refusals} refusals`);
});

Deno.test("a burst that uses up the limit costs later users of the isolate one full socket at most", () => {
  // The counter is read for the first time after 5 s: 200 joins a second. Then users come one by one.
  const crowd = new Crowd({ limit: averaged(100), users: 1_000, latecomers: 60 });
  let mostWaiting = 0;
  for (let second = 0; second < 61; second++) {
    crowd.pass(1_000);
    mostWaiting = Math.max(mostWaiting, crowd.waiting);
  }
  assert.ok(mostWaiting < 120, `${mostWaiting} wait`);
  assert.equal(crowd.waiting, 0);
  assert.ok(crowd.server.refusals <= 2, `${crowd.server.refusals} refusals`);
});
