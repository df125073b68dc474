import assert from "node:assert/strict";
import { createConnection, type Phase } from "../../client/connection/connection.ts";
import { createReplica } from "../../client/store/replica.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { Request } from "./client_stage.ts";
import { FakeAuth, tokenOf } from "./fake_auth.ts";

const FOLDER = new URL("./", import.meta.url);
const SPEC = await Deno.readTextFile(new URL("../../client/SPEC.md", import.meta.url));

/** The rows of the table of states and events, without its head. */
function readTable(): { event: string; cells: string[] }[] {
  const lines = SPEC.split("\n").filter((line) => line.startsWith("|"));
  const head = lines.findIndex((line) => /^\| event /.test(line));
  const cellsOf = (line: string) => line.split("|").slice(1, -1).map((cell) => cell.trim());
  assert.deepEqual(cellsOf(lines[head]!).slice(1), Object.keys(STATES));
  return lines.slice(head + 2).map((line) => {
    const [event, ...cells] = cellsOf(line);
    return { event: event!, cells };
  });
}

/** Without the marks for conditions. */
function stateOf(cell: string): string {
  return cell.replace(/[*†]/g, "");
}

/** A connection, and all that can happen to it. */
class Bench {
  readonly clock = new FakeClock();
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

  get request(): Request {
    return this.requests.at(-1)!;
  }

  page(type = "visibilitychange"): void {
    this.#onPage({ type });
  }
}

/** Brings a new connection into each state. */
const STATES: Record<Phase, (bench: Bench) => Promise<void> | void> = {
  "idle": () => {},
  "authorizing": (bench) => bench.connection.start(),
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

/** Lets each event of the table happen. */
const EVENTS: Record<string, (bench: Bench) => unknown> = {
  "somebody listens": ({ connection }) => connection.start(),
  "nobody has listened for 5 s": ({ connection }) => connection.pause(),
  "a token comes": (bench) => bench.token(),
  "there is no token": (bench) => bench.token(null),
  "it is not known whether there is a token": (bench) => bench.noToken(new Error("no network")),
  "200, an event stream": ({ request }) => request.begin(),
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
  "no answer for 20 s, or no byte of a stream for 60 s": ({ clock, phase }) =>
    clock.advance(phase === "loading" || phase === "live" ? 60_000 : 20_000),
  "the wait is over": ({ clock }) => clock.advance(10_000),
  "the page is shown or hidden, or online again": (bench) => bench.page(),
  "the browser goes offline": (bench) => bench.page("offline"),
  "a refreshed token is reported": ({ auth }) => auth.report("TOKEN_REFRESHED", tokenOf("ada", 3)),
  "a sign-in of the same user is reported": ({ auth }) =>
    auth.report("SIGNED_IN", tokenOf("ada", 3)),
  "a sign-in of another user is reported": ({ auth }) => auth.report("SIGNED_IN", tokenOf("grace")),
  "a sign-out is reported": ({ auth }) => auth.report("SIGNED_OUT", null),
  "`reconnect()`": ({ connection }) => connection.reconnect(),
  "`close()`": ({ connection }) => connection.close(),
};

Deno.test("the table of SPEC.md has every event, and no empty cell", () => {
  const rows = readTable();
  assert.deepEqual(rows.map(({ event }) => event), Object.keys(EVENTS));
  for (const { event, cells } of rows) {
    assert.equal(cells.length, Object.keys(STATES).length, event);
    for (const cell of cells) {
      assert.ok(["=", "–"].includes(cell) || stateOf(cell) in STATES, `${event}: ${cell}`);
    }
  }
});

for (const { event, cells } of readTable()) {
  Deno.test(`the table of SPEC.md is true of: ${event}`, async (t) => {
    for (const [index, state] of (Object.keys(STATES) as Phase[]).entries()) {
      const cell = cells[index]!;
      if (cell === "–") continue;
      await t.step(`${state} → ${cell}`, async () => {
        const bench = new Bench();
        await STATES[state](bench);
        assert.equal(bench.phase, state);
        await EVENTS[event]!(bench);
        await settle();
        if (cell.includes("*")) {
          assert.equal(bench.phase, state, "before the floor");
          await bench.clock.advance(500);
        }
        assert.equal(bench.phase, cell === "=" ? state : stateOf(cell));
        bench.connection.close();
        assert.equal(bench.clock.pending, 0);
      });
    }
  });
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
