import assert from "node:assert/strict";
import { createConnection, type Phase } from "../../client/connection/connection.ts";
import { createReplica } from "../../client/store/replica.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { FakeTabs } from "../support/fake_tabs.ts";
import { type Content, Request } from "./client_stage.ts";
import { FakeAuth, tokenOf } from "./fake_auth.ts";

const FOLDER = new URL("./", import.meta.url);
const SPEC = await Deno.readTextFile(new URL("../../client/SPEC.md", import.meta.url));

/** A table of states and events, without its head. */
interface Table {
  readonly states: Record<string, Arrange>;
  readonly events: Record<string, Happen>;
  readonly rows: readonly { event: string; cells: string[] }[];
}

/** Brings a new connection into a state. */
type Arrange = (bench: Bench) => Promise<void> | void;
/** Lets an event of a table happen. */
type Happen = (bench: Bench) => unknown;

/** The tables whose rows are events. */
function readTables(): Table[] {
  const cellsOf = (line: string) => line.split("|").slice(1, -1).map((cell) => cell.trim());
  const texts = SPEC.split("\n\n").filter((text) => text.startsWith("| event "));
  assert.equal(texts.length, TABLES.length);
  return texts.map((text, index) => {
    const { states, events } = TABLES[index]!;
    const [head, _, ...lines] = text.split("\n").map(cellsOf);
    assert.deepEqual(head!.slice(1), Object.keys(states));
    const rows = lines.map(([event, ...cells]) => ({ event: event!, cells }));
    return { states, events, rows };
  });
}

/** Without the marks for conditions. */
function stateOf(cell: string): string {
  return cell.replace(/[*†‡]/g, "");
}

const URL_OF_STREAM = "https://project.example/functions/v1/file-events?";

/** A connection in a tab, another tab, and all that can happen to them. */
class Bench {
  readonly clock = new FakeClock();
  readonly #tabs = new FakeTabs();
  readonly #other = this.#tabs.open();
  /** Ends the other tab's lead. */
  #letGo = () => {};
  readonly auth = new FakeAuth(tokenOf("ada"), tokenOf("ada", 2));
  readonly requests: Request[] = [];
  phase: Phase = "idle";
  /** Tokens that are waited for. */
  #asked: PromiseWithResolvers<string | null>[] = [];
  #onPage = (_event: { type: string }) => {};
  readonly connection;

  constructor() {
    const { auth } = this.auth.client;
    const ask = async () => {
      const asked = Promise.withResolvers<string | null>();
      this.#asked.push(asked);
      const token = await asked.promise;
      return { data: { session: token === null ? null : { access_token: token } }, error: null };
    };
    const supabase = {
      auth: { ...auth, getSession: ask, refreshSession: ask },
    };
    this.connection = createConnection(
      { url: "https://project.example", key: "key", supabase },
      {
        now: () => this.clock.now(),
        after: (ms, callback) => this.clock.after(ms, callback),
        random: () => 0.5,
        isOnline: () => true,
        isVisible: () => true,
        tabs: this.#tabs.open(),
        watchPage: (onEvent) => void (this.#onPage = onEvent),
        schedule: () => {},
        fetch: (input, init) => {
          const request = new Request(String(input), init!, true);
          this.requests.push(request);
          return request.answer;
        },
      },
      createReplica(),
      {
        onUserGone: () => {},
        onChange: () => {},
        onPhase: (phase) => void (this.phase = phase),
      },
    );
  }

  async token(token: string | null = tokenOf("ada")): Promise<void> {
    this.#asked.shift()!.resolve(token);
    await settle();
  }

  async noToken(error: Error): Promise<void> {
    this.#asked.shift()!.reject(error);
    await settle();
  }

  /** The other tab leads. */
  async lead(steal = false): Promise<void> {
    const led = Promise.withResolvers<void>();
    this.#letGo = led.resolve;
    const name = `file-events/1 ada ${URL_OF_STREAM}`;
    this.#other.locks.request(name, { steal }, () => led.promise).catch(() => {});
    await settle();
  }

  async letGo(): Promise<void> {
    this.#letGo();
    await settle();
  }

  /** What is left of locks. */
  async locks(): Promise<unknown[]> {
    await this.letGo();
    const { held, pending } = await this.#other.locks.query();
    return [...held, ...pending];
  }

  get request(): Request {
    return this.requests.at(-1)!;
  }

  page(type = "visibilitychange"): void {
    this.#onPage({ type });
  }
}

const STATES: Record<Phase, Arrange> = {
  "idle": () => {},
  "authorizing": (bench) => bench.connection.start(),
  "following": async (bench) => {
    await bench.lead();
    bench.connection.start();
    await bench.token();
  },
  "opening": async (bench) => {
    bench.connection.start();
    await bench.token();
  },
  "loading": async (bench) => {
    await STATES.opening(bench);
    bench.request.begin();
    await settle();
  },
  "live": async (bench) => {
    await STATES.loading(bench);
    bench.request.send({ eventType: "ready" });
    await settle();
  },
  "waiting": async (bench) => {
    await STATES.live(bench);
    bench.request.end();
    await settle();
  },
  "signed-out": async (bench) => {
    bench.connection.start();
    await bench.token(null);
  },
  "refused": async (bench) => {
    await STATES.opening(bench);
    bench.request.refuse(400);
    await settle();
  },
  "closed": async (bench) => {
    await STATES.live(bench);
    bench.connection.close();
  },
};

const EVENTS: Record<string, Happen> = {
  "somebody listens": ({ connection }) => connection.start(),
  "nobody has listened for 5 s": ({ connection }) => connection.pause(),
  "a token comes, and no other tab leads": (bench) => bench.token(),
  "a token comes, and another tab leads": async (bench) => {
    await bench.lead();
    await bench.token();
  },
  "there is no token": (bench) => bench.token(null),
  "it is not known whether there is a token": (bench) => bench.noToken(new Error("no network")),
  "200, an event stream, or a poll without `ready`": ({ request }) => request.begin(),
  "200, a poll with `ready`": ({ request }) => request.answerPoll([{ eventType: "ready" }]),
  "401, the first since a stream was open": ({ request }) => request.refuse(401),
  "401, the second": async (bench) => {
    bench.request.refuse(401);
    await settle();
    await bench.token(tokenOf("ada", 2));
    bench.request.refuse(401);
  },
  "400, 405, 414": ({ request }) => request.refuse(414),
  "any other answer, or none": ({ request }) => request.refuse(503),
  "`ready`": ({ request }) => request.send({ eventType: "ready" }),
  "any other event but `closing`": ({ request }) => request.send({ eventType: "heartbeat" }),
  "`closing`, the end, a cut, an unreadable event": ({ request }) => request.write("data: {\n\n"),
  "no answer for 20 s, no first byte for 10 s, or no other byte for 60 s": ({ clock, phase }) =>
    clock.advance({ loading: 10_000, live: 60_000 }[phase as string] ?? 20_000),
  // The first 5 s pass before the leader is asked.
  "no answer of the leader for 5 s, or for 75 s while the page is hidden": ({ clock }) =>
    clock.advance(10_000),
  "the leader releases the lock, or crashes": async (bench) => {
    // A token that was asked for a moment ago would be used.
    await bench.clock.advance(1_000);
    await bench.letGo();
  },
  "another tab takes the lead": (bench) => bench.lead(true),
  "the wait is over": ({ clock }) => clock.advance(10_000),
  "the page is shown or hidden, or online again": (bench) => bench.page(),
  "the page is frozen or left": (bench) => bench.page("pagehide"),
  "the page comes back": (bench) => {
    if (bench.phase === "idle") {
      bench.connection.start();
      bench.page("freeze");
    }
    bench.page("pageshow");
  },
  "the browser goes offline": (bench) => bench.page("offline"),
  "a refreshed token is reported": ({ auth }) => auth.report("TOKEN_REFRESHED", tokenOf("ada", 3)),
  "a sign-in of the same user is reported": ({ auth }) =>
    auth.report("SIGNED_IN", tokenOf("ada", 3)),
  "a sign-in of another user is reported": ({ auth }) => auth.report("SIGNED_IN", tokenOf("grace")),
  "a sign-out is reported": ({ auth }) => auth.report("SIGNED_OUT", null),
  "`reconnect()`": ({ connection }) => connection.reconnect(),
  "`close()`": ({ connection }) => connection.close(),
};

/** Brings a new connection into the state in which a poll was answered and the next is on its way. */
async function poll(bench: Bench, events: Content[]): Promise<void> {
  await STATES.opening(bench);
  bench.request.answerPoll(events, { more: events.length === 0 });
  await bench.clock.advance(500);
  await bench.token();
  assert.equal(bench.requests.length, 2);
}

const POLLING_STATES: Record<string, Arrange> = {
  "loading": (bench) => poll(bench, []),
  "live": (bench) => poll(bench, [{ eventType: "ready" }]),
};

const POLLING_EVENTS: Record<string, Happen> = {
  "200 with `ready`": ({ request }) => request.answerPoll([{ eventType: "ready" }]),
  "200 without `ready`": ({ request }) => request.answerPoll([{ eventType: "heartbeat" }]),
  "200 with `closing`, or an unreadable event": ({ request }) =>
    request.answerPoll([{ eventType: "closing", reason: "shutdown" }]),
  "401, the first since an answer of 200": ({ request }) => request.refuse(401),
  "400, 405, 414": ({ request }) => request.refuse(400),
  "any other answer, or none": ({ request }) => request.refuse(503),
  "no answer for 60 s": ({ clock }) => clock.advance(60_000),
};

const TABLES = [
  { states: STATES, events: EVENTS },
  { states: POLLING_STATES, events: POLLING_EVENTS },
];

Deno.test("the tables of SPEC.md have every event, and no empty cell", () => {
  for (const { states, events, rows } of readTables()) {
    assert.deepEqual(rows.map(({ event }) => event), Object.keys(events));
    for (const { event, cells } of rows) {
      assert.equal(cells.length, Object.keys(states).length, event);
      for (const cell of cells) {
        assert.ok(["=", "–"].includes(cell) || stateOf(cell) in STATES, `${event}: ${cell}`);
      }
    }
  }
});

for (const { states, events, rows } of readTables()) {
  for (const { event, cells } of rows) {
    Deno.test(`the table of SPEC.md is true of: ${event}`, async (t) => {
      for (const [index, state] of Object.keys(states).entries()) {
        const cell = cells[index]!;
        if (cell === "–") continue;
        await t.step(`${state} → ${cell}`, async () => {
          const bench = new Bench();
          await states[state]!(bench);
          assert.equal(bench.phase, state);
          await events[event]!(bench);
          await settle();
          if (cell.includes("*")) {
            assert.equal(bench.phase, state, "before the floor");
            await bench.clock.advance(500);
          }
          assert.equal(bench.phase, cell === "=" ? state : stateOf(cell));
          bench.connection.close();
          assert.equal(bench.clock.pending, 0);
          assert.deepEqual(await bench.locks(), []);
        });
      }
    });
  }
}

Deno.test("each invariant of SPEC.md names the files of its tests, and each test an invariant", async () => {
  const named: Record<string, string[]> = {};
  for (const [, number, line] of SPEC.matchAll(/^(\d+)\. (.*)$/gm)) {
    named[number!] = [...line!.matchAll(/\/tests\/client\/(\w+\.ts)\)/g)].map(([, file]) => file!);
  }
  const found: Record<string, string[]> = {};
  for await (const { name } of Deno.readDir(FOLDER)) {
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    for (const [, number] of text.matchAll(/Deno\.test\(\s*["`].*\(SPEC (\d+)\)/g)) {
      const files = found[number!] ??= [];
      if (!files.includes(name)) files.push(name);
    }
  }
  const sorted = (files: Record<string, string[]>) =>
    Object.fromEntries(Object.entries(files).map(([number, names]) => [number, names.sort()]));
  assert.ok(Object.keys(named).length > 20);
  assert.deepEqual(sorted(found), sorted(named));
});
