import assert from "node:assert/strict";
import { createRateCounter } from "../../../../local/realtime/rate_counter.ts";
import { broadcastSource } from "../../../../supabase/functions/file-events/realtime/broadcast_source.ts";
import { createRealtimeFeed } from "../../../../supabase/functions/file-events/realtime/realtime_feed.ts";
import { createSocketPool } from "../../../../supabase/functions/file-events/realtime/socket_pool.ts";
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
}

/** Users of several isolates who join one server. */
class Crowd {
  readonly time = new EventQueue();
  readonly server: SimulatedRealtime;
  readonly #size: number;
  #live = 0;

  constructor(
    { limit, isolates = 1, users, roundTripMs = 20, arrivalMs = 0 }: CrowdOptions,
  ) {
    const { time } = this;
    this.#size = isolates * users;
    this.server = new SimulatedRealtime(time, { roundTripMs, admits: limit(time) });
    const random = seededRandom(1);
    for (let isolate = 0; isolate < isolates; isolate++) {
      const options = { clock: time, random, log: () => {} };
      const createWebSocket = () => this.server.createWebSocket();
      const sockets = createSocketPool({ ...options, createWebSocket });
      const feed = createRealtimeFeed(broadcastSource, { ...options, sockets });
      for (let user = 0; user < users; user++) {
        const caller = { userId: `${isolate} ${user}`, token: "", expiresAt: 0, rights: "" };
        const { signal } = new AbortController();
        time.after(random() * arrivalMs, () =>
          void feed(caller, ({ kind }) => {
            if (kind === "live") this.#live++;
            if (kind === "down") this.#live--;
          }, { signal }));
      }
    }
  }

  /** Lets time pass until all are live. Returns how long that took, and fails after `limitMs`. */
  allLiveWithin(limitMs: number): number {
    const from = this.time.now();
    const areLive = this.time.runUntil(() => this.#live === this.#size, limitMs);
    assert.ok(areLive, `${this.#live} of ${this.#size} are live after ${limitMs} ms`);
    return this.time.now() - from;
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
