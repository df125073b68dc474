import assert from "node:assert/strict";
import type { Channel } from "../../client/environment.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type FakeTab, FakeTabs } from "../support/fake_tabs.ts";
import {
  type ClientStage,
  type ClientStageOptions,
  exampleFile,
  type Request,
  startClientStage,
} from "./client_stage.ts";
import { FakeAuth, tokenOf } from "./fake_auth.ts";

/** A client in a tab of a browser. */
interface Tab extends ClientStage {
  readonly tab: FakeTab;
}

/** A browser whose tabs show the same page, one after another. */
class Browser {
  readonly clock: FakeClock;
  readonly tabs = new FakeTabs();
  readonly open: Tab[] = [];

  constructor(clock = new FakeClock()) {
    this.clock = clock;
  }

  async openTab(options: ClientStageOptions = {}): Promise<Tab> {
    const tab = this.tabs.open();
    const stage = Object.assign(startClientStage({ clock: this.clock, tab, ...options }), { tab });
    this.open.push(stage);
    await stage.settle();
    return stage;
  }

  /** The first leads and is live, with one file. */
  async openTabs(count: number, options?: ClientStageOptions): Promise<Tab[]> {
    const tabs: Tab[] = [];
    for (let index = 0; index < count; index++) tabs.push(await this.openTab(options));
    tabs[0]!.requests[0]!.begin().snapshot([exampleFile("a")], "1");
    await tabs[0]!.settle();
    return tabs;
  }

  /** How many requests each tab has made. */
  get requests(): number[] {
    return this.open.map(({ requests }) => requests.length);
  }

  [Symbol.dispose](): void {
    for (const { files } of this.open) files.close();
  }
}

/** Of the lock and the channel. */
function nameOf(user: string): string {
  return `file-events/1 ${user} https://project.example/functions/v1/file-events?`;
}

function update(id: string, revision = 1) {
  return { eventType: "file-update", file: exampleFile(id, { revision }) } as const;
}

Deno.test("all tabs show what the stream of one brings (SPEC 22)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  const third = await browser.openTab();
  first!.requests[0]!.send(update("b"), "2");
  await first!.settle();
  for (const tab of [first!, second!, third]) {
    assert.deepEqual(tab.names(), ["b.txt", "a.txt"]);
    assert.equal(tab.states.at(-1), "live");
  }
  assert.deepEqual(browser.requests, [1, 0, 0]);
});

Deno.test("tabs of other files, or of another project, have streams of their own (SPEC 22)", async () => {
  using browser = new Browser();
  await browser.openTab();
  await browser.openTab({ options: { fileIds: ["a"] } });
  await browser.openTab({ options: { url: "https://other.example" } });
  assert.deepEqual(browser.requests, [1, 1, 1]);
});

const LACKING: Record<string, (tab: FakeTab) => FakeTab> = {
  "locks are refused, as in an opaque origin": (tab) => ({
    ...tab,
    locks: {
      ...tab.locks,
      request: () => Promise.reject(new DOMException("opaque origin", "SecurityError")),
    },
  }),
  "channels throw, as where storage is forbidden": (tab) => ({
    ...tab,
    openChannel() {
      throw new DOMException("no storage", "SecurityError");
    },
  }),
};

for (const [name, lack] of Object.entries(LACKING)) {
  Deno.test(`each tab has its own stream where ${name} (SPEC 22)`, async () => {
    using browser = new Browser();
    for (let number = 0; number < 2; number++) {
      const tab = await browser.openTab({ tab: lack(browser.tabs.open()) });
      assert.equal(tab.requests.length, 1);
      tab.requests[0]!.begin().snapshot([exampleFile("a")], "1");
      await tab.settle();
      assert.equal(tab.states.at(-1), "live");
      tab.requests[0]!.end();
      await browser.clock.advance(500);
      assert.equal(tab.requests.length, 2);
    }
  });
}

Deno.test("a token is asked for once, though the lock comes later (SPEC 22)", async () => {
  using browser = new Browser();
  let asked = 0;
  await browser.openTab({
    options: {
      getToken() {
        asked++;
        return tokenOf("ada");
      },
    },
  });
  assert.equal(asked, 1);
});

Deno.test("a tab that comes in the middle of a snapshot has the whole list at its end (SPEC 23)", async () => {
  using browser = new Browser();
  const first = await browser.openTab();
  const stream = first.requests[0]!.begin().send({ eventType: "reset" }, "none").send(update("a"));
  await first.settle();
  const second = await browser.openTab();
  assert.deepEqual([second.names(), second.states.at(-1)], [[], "loading"]);
  stream.send(update("b")).send({ eventType: "ready" }, "1");
  await first.settle();
  assert.deepEqual(second.names(), ["b.txt", "a.txt"]);
  assert.equal(second.files.value[0], second.files.get("b"));
});

Deno.test("a tab that comes in the middle of another snapshot is shown the old list until its end (SPEC 23)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  const stream = first!.requests[0]!.send({ eventType: "reset" }, "none").send(update("b"));
  await first!.settle();
  const second = await browser.openTab();
  assert.deepEqual(second.names(), ["a.txt"]);
  stream.send({ eventType: "ready" }, "2");
  await first!.settle();
  assert.deepEqual(second.names(), ["b.txt"]);
});

/** A tab whose messages can be lost, as in the back/forward cache, whose pages get none. */
function losingTab(tab: FakeTab): FakeTab & { isDeaf: boolean } {
  const losing = {
    ...tab,
    isDeaf: false,
    openChannel(name: string): Channel {
      const channel = tab.openChannel(name);
      return {
        get onmessage() {
          return channel.onmessage;
        },
        set onmessage(run: Channel["onmessage"]) {
          channel.onmessage = (message) => losing.isDeaf || run!(message);
        },
        postMessage: (data) => channel.postMessage(data),
        close: () => channel.close(),
      };
    },
  };
  return losing;
}

Deno.test("a tab that lacks a message applies none until it has all (SPEC 23)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  const tab = losingTab(browser.tabs.open());
  const second = await browser.openTab({ tab });
  const [file] = second.files.value;
  tab.isDeaf = true;
  first!.requests[0]!.send(update("b"), "2");
  await first!.settle();
  assert.deepEqual(second.names(), ["a.txt"]);
  tab.isDeaf = false;
  first!.requests[0]!.send(update("c"), "3");
  await first!.settle();
  assert.deepEqual(second.names(), ["c.txt", "b.txt", "a.txt"]);
  assert.equal(second.files.value[2], file, "what has not changed is the same object");
});

Deno.test("a tab that lacks a message resumes from the id before it (SPEC 23)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  const tab = losingTab(browser.tabs.open());
  const second = await browser.openTab({ tab });
  tab.isDeaf = true;
  first!.requests[0]!.send(update("b"), "2");
  await first!.settle();
  first!.tab.crash();
  assert.equal((await second.request()).headers.get("last-event-id"), "1");
});

/** Its consumer of events calls `reconnect()` when the file `b` comes. */
async function openReconnectingTab(
  browser: Browser,
  getToken = () => Promise.resolve(tokenOf("ada")),
): Promise<Tab> {
  const tab: Tab = await browser.openTab({
    options: {
      getToken,
      onEvent(event) {
        if (event.eventType === "file-update" && event.file.id === "b") tab.files.reconnect();
      },
    },
  });
  return tab;
}

Deno.test("a consumer that reconnects is not told that it is live while a token is asked for (SPEC 28)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  let asked = 0;
  const second = await openReconnectingTab(browser, () => {
    return asked++ ? new Promise(() => {}) : Promise.resolve(tokenOf("ada"));
  });
  assert.equal(second.states.at(-1), "live");
  first!.requests[0]!.send(update("b"));
  await first!.settle();
  assert.equal(second.states.at(-1), "reconnecting");
});

Deno.test("a consumer that reconnects in the middle of a message loses none of its events (SPEC 23)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  const second = await openReconnectingTab(browser);
  first!.requests[0]!.send(update("b")).send(update("c"), "3");
  await first!.settle();
  assert.equal((await second.request()).headers.get("last-event-id"), "1");
  assert.match(second.states.at(-1)!, /^reconnecting/);
});

Deno.test("a reset voids the id, though a consumer reconnects before its end (SPEC 23)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  const second = await openReconnectingTab(browser);
  // All in one chunk, so that the leader sends it in one message.
  const events = [{ eventType: "reset" }, update("c"), update("b"), { eventType: "ready" }];
  first!.requests[0]!.write(
    events.map((event, index) =>
      `id: ${index ? 2 : "none"}\ndata: ${JSON.stringify({ timestamp: "", ...event })}\n\n`
    ).join(""),
  );
  await first!.settle();
  assert.equal((await second.request()).headers.get("last-event-id"), "");
});

Deno.test("a tab that comes while the lead changes has the list as soon as the leader is live (SPEC 23)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  let release = () => {};
  const plain = browser.tabs.open();
  // The browser is slow to say who holds the lock.
  const tab: FakeTab = {
    ...plain,
    locks: {
      ...plain.locks,
      async query() {
        const answer = await plain.locks.query();
        await new Promise<void>((resolve) => release = resolve);
        return answer;
      },
    },
  };
  const second = await browser.openTab({ tab });
  first!.files.close();
  await second.settle();
  const third = await browser.openTab();
  for (let turn = 0; turn < 5; turn++) {
    release();
    await second.settle();
  }
  (await second.request()).begin().snapshot([exampleFile("a")], "1");
  for (let turn = 0; turn < 5; turn++) {
    await second.settle();
    release();
  }
  await browser.clock.advance(900);
  for (let turn = 0; turn < 5; turn++) {
    release();
    await second.settle();
  }
  assert.deepEqual([third.names(), third.states.at(-1)], [["a.txt"], "live"]);
});

Deno.test("what comes together is told together (SPEC 23)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  let messages = 0;
  browser.tabs.open().openChannel(nameOf("ada")).onmessage = () => messages++;
  const events = Array.from({ length: 50 }, (_, index) => update(`b${index}`));
  first!.requests[0]!.write(
    events.map((event) => `data: ${JSON.stringify({ timestamp: "", ...event })}\n\n`).join(""),
  );
  await first!.settle();
  assert.equal(second!.files.value.length, 51);
  assert.ok(messages <= 2, `${messages} messages`);
});

Deno.test("a tab that comes while the leader has no connection has its list (SPEC 23)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  first!.requests[0]!.cut();
  await first!.settle();
  const second = await browser.openTab();
  assert.deepEqual([second.names(), second.states.at(-1)], [["a.txt"], "reconnecting (network)"]);
});

Deno.test("a message of a new leader is not taken for the next one of the last (SPEC 24)", async () => {
  using browser = new Browser();
  const [, second] = await browser.openTabs(2);
  const channel = browser.tabs.open().openChannel(nameOf("ada"));
  for (let number = 0; number < 20; number++) {
    channel.postMessage({
      ...{ generation: browser.clock.now() + 9, number, phase: "opening", reason: "" },
      ...{ pollingSince: 0, cursor: "other", events: [update("other")], whole: false },
    });
  }
  await second!.settle();
  assert.deepEqual(second!.names(), ["a.txt"]);
});

Deno.test("a new leader has a higher generation, though no time has passed (SPEC 24)", async () => {
  using browser = new Browser();
  const generations: number[] = [];
  browser.tabs.open().openChannel(nameOf("ada")).onmessage = ({ data }) => {
    if (data.phase && data.generation !== generations.at(-1)) generations.push(data.generation);
  };
  for (const tab of await browser.openTabs(3)) {
    await tab.settle();
    tab.files.close();
  }
  assert.equal(generations.length, 3);
  assert.deepEqual(generations, generations.toSorted((a, b) => a - b));
});

const ENDS: Record<string, (tab: Tab) => unknown> = {
  "closes": ({ files }) => files.close(),
  "crashes": ({ tab }) => tab.crash(),
  "is left": (tab) => tab.page("pagehide"),
  "is frozen by the browser": (tab) => tab.page("freeze"),
};

for (const [name, end] of Object.entries(ENDS)) {
  Deno.test(`a leader that ${name} is followed by another tab, at once (SPEC 24)`, async () => {
    using browser = new Browser();
    const [first, second, third] = await browser.openTabs(3);
    first!.requests[0]!.send(update("b"), "2").send(update("c"));
    await first!.settle();
    await end(first!);
    const stream = await second!.request();
    assert.deepEqual(browser.requests, [1, 1, 0]);
    assert.equal(stream.headers.get("last-event-id"), "2");
    assert.deepEqual(third!.names(), ["c.txt", "b.txt", "a.txt"]);
    stream.begin().send(update("d")).send({ eventType: "ready" }, "3");
    await second!.settle();
    for (const tab of [second!, third!]) {
      assert.deepEqual(tab.names(), ["d.txt", "c.txt", "b.txt", "a.txt"]);
      assert.equal(tab.states.at(-1), "live");
    }
  });
}

for (const [goes, comes] of [["pagehide", "pageshow"], ["freeze", "resume"]] as const) {
  Deno.test(`a tab that comes back by ${comes} follows, and has what it has missed (SPEC 24)`, async () => {
    using browser = new Browser();
    const [first, second] = await browser.openTabs(2);
    first!.page(goes);
    // Browsers report it to a page that is being left, too.
    first!.changeVisibility(false);
    (await second!.request()).begin().send(update("b")).send({ eventType: "ready" }, "2");
    await second!.settle();
    assert.deepEqual(first!.names(), ["a.txt"]);
    first!.page(comes);
    await first!.settle();
    assert.deepEqual(first!.names(), ["b.txt", "a.txt"]);
    assert.deepEqual(browser.requests, [1, 1]);
  });
}

Deno.test("a page that comes back opens nothing for nobody (SPEC 24)", async () => {
  using browser = new Browser();
  const tab = await browser.openTab({ isIdle: true });
  const unsubscribe = tab.files.subscribe(() => {});
  await tab.settle();
  unsubscribe();
  await browser.clock.advance(5_000);
  tab.page("pageshow");
  await tab.settle();
  assert.deepEqual(browser.requests, [1]);
});

Deno.test("the messages of a leader that was replaced are dropped (SPEC 24)", async () => {
  using browser = new Browser();
  const [first, second, third] = await browser.openTabs(3);
  second!.files.reconnect();
  const stream = (await second!.request()).begin().send(update("a", 3));
  stream.send({ eventType: "ready" }, "2");
  await second!.settle();
  // What a leader sends that has not looked at its lock.
  const channel = first!.tab.openChannel(nameOf("ada"));
  channel.postMessage({
    ...{ generation: 1, number: 0, phase: "live", reason: "", pollingSince: 0, cursor: "old" },
    events: [],
    whole: [{ eventType: "reset" }, { eventType: "ready" }],
  });
  await third!.settle();
  assert.deepEqual(third!.names(), ["a.txt"]);
});

Deno.test("a leader that has not heard of the one before is followed by those who have (SPEC 24)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  // Of a tab that has robbed the first, and is robbed by the third before that has heard of it.
  browser.tabs.open().openChannel(nameOf("ada")).postMessage({
    ...{ generation: browser.clock.now() + 1.5, number: 0, phase: "opening", reason: "" },
    ...{ pollingSince: 0, cursor: "1", events: [], whole: false },
  });
  await second!.settle();
  const third = await browser.openTab();
  third.files.reconnect();
  (await third.request()).begin().send(update("b")).send({ eventType: "ready" }, "2");
  await third.settle();
  assert.deepEqual([second!.states.at(-1), second!.names()], ["live", ["b.txt", "a.txt"]]);
  await browser.clock.advance(12_000);
  assert.deepEqual(browser.requests, [1, 0, 1]);
  assert.equal(first!.states.at(-1), "live");
});

Deno.test("a tab that takes the lead is heard, though the clock was set back (SPEC 24)", async () => {
  using browser = new Browser();
  const [, second, third] = await browser.openTabs(3);
  browser.clock.jump(-3_600_000);
  second!.files.reconnect();
  (await second!.request()).begin().send(update("b")).send({ eventType: "ready" }, "2");
  await second!.settle();
  assert.deepEqual(third!.names(), ["b.txt", "a.txt"]);
});

Deno.test("a leader that was frozen and has lost its lock sends nothing, and follows (SPEC 24)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  first!.freeze();
  second!.files.reconnect();
  (await second!.request()).begin().send(update("a", 3)).send({ eventType: "ready" }, "2");
  await second!.settle();
  const sent: unknown[] = [];
  const channel = browser.tabs.open().openChannel(nameOf("ada"));
  channel.onmessage = ({ data }) => sent.push(data.phase);
  // Its network has gone on.
  first!.requests[0]!.send(update("a", 2), "late");
  first!.thaw();
  await first!.settle();
  assert.deepEqual(browser.requests, [1, 1]);
  assert.deepEqual(first!.files.get("a")!.revision, 3);
  // Of the former leader there are questions only.
  assert.deepEqual(sent.filter((phase) => phase !== undefined), ["live"]);
  second!.files.close();
  await first!.settle();
  assert.equal(first!.requests.at(-1)!.headers.get("last-event-id"), "2");
});

Deno.test("a tab says live when it has the list of the next leader, and no sooner (SPEC 25)", async () => {
  using browser = new Browser();
  const [first, second, third] = await browser.openTabs(3);
  const told: unknown[] = [];
  first!.files.close();
  third!.files.connection.subscribe(({ state }) => {
    told.push([state, third!.files.value.length]);
  });
  (await second!.request()).begin().send(update("b")).send({ eventType: "ready" }, "2");
  await third!.settle();
  assert.deepEqual(told, [["live", 1], ["reconnecting", 1], ["live", 2]]);
});

Deno.test("a list is kept until the next leader is live (SPEC 25)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  const tab = losingTab(browser.tabs.open());
  tab.isDeaf = true;
  const empty = await browser.openTab({ tab });
  const third = await browser.openTab();
  assert.deepEqual([empty.names(), third.names()], [[], ["a.txt"]]);
  first!.files.close();
  // The next leader has got nothing yet.
  (await empty.request()).begin().send({ eventType: "reset" }, "none");
  await empty.settle();
  assert.deepEqual(third.names(), ["a.txt"]);
  // And the id stays with the list.
  tab.crash();
  const stream = await third.request();
  assert.equal(stream.headers.get("last-event-id"), "1");
  stream.begin().send(update("b")).send({ eventType: "ready" }, "2");
  await third.settle();
  assert.deepEqual(third.names(), ["b.txt", "a.txt"]);
});

Deno.test("nothing of a list goes back while the lead changes (SPEC 25)", async () => {
  using browser = new Browser();
  const [first, second, third] = await browser.openTabs(3);
  first!.requests[0]!.send(update("a", 5));
  await first!.settle();
  const seen: number[] = [];
  third!.files.subscribe(([file]) => seen.push(file!.revision));
  first!.files.close();
  const stream = (await second!.request()).begin().send(update("a", 5));
  await second!.settle();
  stream.send({ eventType: "ready" }, "2").send(update("a", 6));
  await second!.settle();
  assert.deepEqual(seen, [5, 6]);
});

/** The first leader stands still, and the second one leads. Returns the first's stream. */
async function replaceLeader(browser: Browser, first: Tab, second: Tab): Promise<Request> {
  const stream = first.requests[0]!;
  first.freeze();
  await browser.clock.advance(10_000);
  await second.settle();
  assert.deepEqual(browser.requests, [1, 1]);
  return stream;
}

Deno.test("a leader that was replaced keeps what it has read later than the next one (SPEC 25)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  const stream = await replaceLeader(browser, first!, second!);
  second!.requests[0]!.begin().send(update("a", 4), "2").send({ eventType: "ready" }, "3");
  const seen: number[] = [];
  first!.files.subscribe((files) => seen.push(files.at(-1)!.revision));
  // The browser has kept the bytes, and the page reads them before it learns of the theft.
  stream.send(update("a", 5), "late");
  await second!.settle();
  first!.thaw();
  await first!.settle();
  second!.requests[0]!.send(update("a", 5)).send(update("b"));
  await first!.settle();
  assert.deepEqual([seen, first!.names()], [[1, 5, 5], ["b.txt", "a.txt"]]);
});

Deno.test("a list that has begun anew takes the place of a later state, too (SPEC 25)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  const stream = await replaceLeader(browser, first!, second!);
  stream.send(update("a", 5), "late");
  // As after a restore of the database.
  const reset = { eventType: "reset", timestamp: "2026-11-29T11:00:00.000Z" } as const;
  second!.requests[0]!.begin().send(reset, "none").send(update("a", 4))
    .send({ eventType: "ready" }, "3");
  await second!.settle();
  first!.thaw();
  await first!.settle();
  assert.equal(first!.files.get("a")!.revision, 4);
});

Deno.test("a tab that asks a leader which is not live yet asks again when it is (SPEC 25)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  second!.files.reconnect();
  const stream = (await second!.request()).begin();
  // The former leader joins again and has no answer that it can use.
  await first!.settle();
  stream.send(update("b")).send({ eventType: "ready" }, "2");
  await first!.settle();
  assert.deepEqual(first!.names(), ["b.txt", "a.txt"]);
});

Deno.test("a leader is asked every 5 s while it has nothing to say, and keeps the lead (SPEC 26)", async () => {
  using browser = new Browser();
  await browser.openTabs(3);
  let questions = 0;
  browser.tabs.open().openChannel(nameOf("ada")).onmessage = ({ data }) => {
    if (!data.phase) questions++;
    assert.ok(!data.whole, "nobody has asked for the list");
  };
  for (let minutes = 0; minutes < 2; minutes++) {
    await browser.clock.advance(30_000);
    browser.open[0]!.requests[0]!.send({ eventType: "heartbeat" });
    await browser.clock.advance(30_000);
    browser.open[0]!.requests[0]!.send({ eventType: "heartbeat" });
  }
  assert.deepEqual(browser.requests, [1, 0, 0]);
  // Together, because the answer to one reaches all.
  assert.ok(questions >= 20 && questions <= 50, `${questions} questions`);
});

Deno.test("a leader has 5 s to answer a tab whose token came late (SPEC 26)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  const asked = Promise.withResolvers<string>();
  const second = await browser.openTab({ options: { getToken: () => asked.promise } });
  await browser.clock.advance(4_900);
  // The leader is busy for a second.
  first!.freeze();
  asked.resolve(tokenOf("ada"));
  await browser.clock.advance(1_000);
  first!.thaw();
  await first!.settle();
  assert.deepEqual(browser.requests, [1, 0]);
  assert.deepEqual(second.names(), ["a.txt"]);
});

Deno.test("a leader has 5 s to answer a tab that is shown (SPEC 26)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  await browser.clock.advance(4_900);
  second!.changeVisibility(false);
  first!.freeze();
  second!.changeVisibility(true);
  await browser.clock.advance(1_000);
  first!.thaw();
  await first!.settle();
  assert.deepEqual(browser.requests, [1, 0]);
});

Deno.test("a leader that has much to say is asked nothing (SPEC 26)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(2);
  let questions = 0;
  browser.tabs.open().openChannel(nameOf("ada")).onmessage = ({ data }) => {
    if (!data.phase) questions++;
  };
  for (let number = 0; number < 15; number++) {
    await browser.clock.advance(4_000);
    first!.requests[0]!.send({ eventType: "heartbeat" });
    await first!.settle();
  }
  assert.equal(questions, 0);
});

Deno.test("a leader that waits for the server keeps the lead, however long (SPEC 26)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  first!.requests[0]!.write(
    `retry: 3600000\ndata: {"eventType":"closing","reason":"setup-required","timestamp":""}\n\n`,
  );
  await first!.settle();
  assert.equal(second!.states.at(-1), "reconnecting (setup-required)");
  await browser.clock.advance(3_500_000);
  assert.deepEqual(browser.requests, [1, 0]);
});

Deno.test("a frozen leader is replaced 5 s after a question, if a page is visible (SPEC 26)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  first!.freeze();
  await browser.clock.advance(9_999);
  assert.equal(second!.requests.length, 0);
  await browser.clock.advance(1);
  assert.equal(second!.requests.length, 1);
  assert.equal(second!.requests[0]!.headers.get("last-event-id"), "1");
});

Deno.test("a frozen leader is replaced after 75 s of silence, if no page is visible (SPEC 26)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  second!.changeVisibility(false);
  first!.freeze();
  await browser.clock.advance(74_999);
  assert.equal(second!.requests.length, 0);
  await browser.clock.advance(1);
  assert.equal(second!.requests.length, 1);
});

Deno.test("a page that is shown asks at once, and replaces a frozen leader 5 s later (SPEC 26)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  second!.changeVisibility(false);
  first!.freeze();
  await browser.clock.advance(32_000);
  second!.changeVisibility(true);
  await browser.clock.advance(5_000);
  assert.equal(second!.requests.length, 1);
});

Deno.test("of several tabs that replace a frozen leader, one leads, though all begin at once (SPEC 26)", async () => {
  // Nothing settles between the timers of one instant.
  using browser = new Browser(new FakeClock(undefined, () => Promise.resolve()));
  const tabs = await browser.openTabs(4);
  tabs[0]!.freeze();
  await browser.clock.advance(10_000);
  await browser.clock.advance(0);
  await tabs[1]!.settle();
  const open = tabs.slice(1).flatMap(({ requests }) => requests)
    .filter(({ signal }) => !signal.aborted);
  assert.equal(open.length, 1);
  open[0]!.begin().send({ eventType: "ready" }, "2");
  await tabs[1]!.settle();
  for (const tab of tabs.slice(1)) assert.equal(tab.states.at(-1), "live");
});

Deno.test("tabs replace a frozen leader at different moments, so that only one does (SPEC 26)", async () => {
  using browser = new Browser();
  let steals = 0;
  const tabs = [];
  for (const random of [0, 0.2, 0.5, 0.9]) {
    const tab = browser.tabs.open();
    const request: FakeTab["locks"]["request"] = (name, options, callback) => {
      if (options.steal) steals++;
      return tab.locks.request(name, options, callback);
    };
    const locks = { ...tab.locks, request };
    tabs.push(await browser.openTab({ random: () => random, tab: { ...tab, locks } }));
  }
  tabs[0]!.requests[0]!.begin().snapshot([exampleFile("a")], "1");
  await tabs[0]!.settle();
  tabs[0]!.freeze();
  await browser.clock.advance(10_000);
  assert.equal(steals, 0);
  await browser.clock.advance(2_000);
  assert.equal(steals, 1);
  assert.deepEqual(browser.requests, [1, 1, 0, 0]);
});

Deno.test("a tab that is given the lead while it is about to take it connects once (SPEC 26)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2, { random: () => 0.9 });
  first!.freeze();
  await browser.clock.advance(10_500);
  first!.tab.crash();
  await second!.settle();
  assert.equal(second!.requests.length, 1);
  await browser.clock.advance(2_000);
  assert.equal(second!.requests.length, 1);
});

Deno.test("a tab that can't get a token leaves the lead to one that can (SPEC 26)", async () => {
  using browser = new Browser();
  let isBroken = false;
  const getToken = () => {
    if (isBroken) throw new Error("no network");
    return tokenOf("ada");
  };
  const first = await browser.openTab({ options: { getToken } });
  const second = await browser.openTab();
  isBroken = true;
  first.requests[0]!.cut();
  await browser.clock.advance(500);
  (await second.request()).begin().snapshot([exampleFile("a")], "1");
  isBroken = false;
  await browser.clock.advance(500);
  assert.deepEqual([first.names(), browser.requests], [["a.txt"], [1, 1]]);
});

Deno.test("a tab in which nobody listens any more releases the lock (SPEC 26)", async () => {
  using browser = new Browser();
  const first = await browser.openTab({ isIdle: true });
  const unsubscribe = first.files.subscribe(() => {});
  await first.settle();
  const second = await browser.openTab();
  unsubscribe();
  await browser.clock.advance(5_000);
  assert.deepEqual(browser.requests, [1, 1]);
  first.files.close();
  assert.equal(second.states.at(-1), "loading");
});

Deno.test("a sign-out in one tab leaves the others alone, if their session is another (SPEC 27)", async () => {
  using browser = new Browser();
  const auth = new FakeAuth(tokenOf("ada"));
  const supabase = auth.client;
  const first = await browser.openTab({ options: { getToken: undefined, supabase } });
  const second = await browser.openTab();
  first.requests[0]!.begin().snapshot([exampleFile("a")], "1");
  await first.settle();
  auth.report("SIGNED_OUT", null);
  (await second.request()).begin().send(update("b")).send({ eventType: "ready" }, "2");
  await second.settle();
  assert.deepEqual([first.names(), second.names()], [[], ["b.txt", "a.txt"]]);
});

Deno.test("two users in two tabs have streams of their own (SPEC 27)", async () => {
  using browser = new Browser();
  const [ada] = await browser.openTabs(1);
  const grace = await browser.openTab({ options: { getToken: () => tokenOf("grace") } });
  assert.deepEqual(browser.requests, [1, 1]);
  grace.requests[0]!.begin().snapshot([exampleFile("b")], "1");
  await grace.settle();
  assert.deepEqual([ada!.names(), grace.names()], [["a.txt"], ["b.txt"]]);
  // Whoever is left alone has the stream that it had.
  ada!.files.close();
  await browser.clock.advance(90_000);
  assert.deepEqual(grace.names(), ["b.txt"]);
});

for (const role of ["leads", "follows"]) {
  Deno.test(`another user who signs in in a tab that ${role} sees nothing of the first (SPEC 27)`, async () => {
    using browser = new Browser();
    const auth = new FakeAuth(tokenOf("ada"));
    const options = { getToken: undefined, supabase: auth.client };
    const tabs = role === "leads"
      ? [await browser.openTab({ options }), await browser.openTab()]
      : [await browser.openTab(), await browser.openTab({ options })].reverse();
    const [changing, other] = tabs as [Tab, Tab];
    const leader = role === "leads" ? changing : other;
    leader.requests[0]!.begin().snapshot([exampleFile("a")], "1");
    await leader.settle();
    const shown: string[] = [];
    changing.files.subscribe((files) => shown.push(...files.map(({ id }) => id)));
    shown.length = 0;
    auth.report("SIGNED_IN", tokenOf("grace"));
    assert.deepEqual(changing.names(), []);
    const stream = await changing.request();
    assert.equal(stream.headers.get("last-event-id"), "");
    const rest = await other.request();
    if (role === "leads") rest.begin().send({ eventType: "ready" }, "2");
    rest.send(update("c"));
    stream.begin().snapshot([exampleFile("b")], "1");
    await changing.settle();
    assert.deepEqual(shown, ["b"]);
    assert.deepEqual(other.names(), ["c.txt", "a.txt"]);
  });
}

Deno.test("nothing of the leader is shown from reconnect() on, which may bring another user (SPEC 27)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  const asked = Promise.withResolvers<string>();
  const tab = losingTab(browser.tabs.open());
  let isFirst = true;
  const getToken = () => {
    if (!isFirst) return asked.promise;
    isFirst = false;
    return tokenOf("ada");
  };
  tab.isDeaf = true;
  const second = await browser.openTab({ tab, options: { getToken } });
  tab.isDeaf = false;
  second.files.reconnect();
  // Somebody asks, and the whole list reaches all.
  await browser.openTab();
  first!.requests[0]!.send(update("b"));
  await first!.settle();
  assert.deepEqual(second.names(), []);
  asked.resolve(tokenOf("grace"));
  (await second.request()).begin().snapshot([exampleFile("c")], "1");
  await second.settle();
  assert.deepEqual(second.names(), ["c.txt"]);
});

Deno.test("a token that is refreshed in a tab that follows changes nothing (SPEC 27)", async () => {
  using browser = new Browser();
  const [first] = await browser.openTabs(1);
  const auth = new FakeAuth(tokenOf("ada"));
  const options = { getToken: undefined, supabase: auth.client };
  const second = await browser.openTab({ options });
  const told = second.states.length;
  auth.report("TOKEN_REFRESHED", tokenOf("ada", 2));
  auth.report("SIGNED_IN", tokenOf("ada", 2));
  first!.requests[0]!.send(update("b"));
  await second.settle();
  assert.deepEqual([second.names(), browser.requests], [["b.txt", "a.txt"], [1, 0]]);
  assert.equal(second.states.length, told);
});

Deno.test("reconnect() in a tab that follows takes the lead, and connects at once (SPEC 28)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  second!.files.reconnect();
  await second!.settle();
  assert.deepEqual(browser.requests, [1, 1]);
  assert.ok(first!.requests[0]!.signal.aborted);
});

Deno.test("a page that is shown ends the backoff of the leader (SPEC 28)", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2, { random: () => 0.99 });
  for (let number = 1; number < 6; number++) {
    (await first!.request()).cut();
    await browser.clock.advance(60_000);
  }
  first!.requests.at(-1)!.cut();
  await browser.clock.advance(1_000);
  const before = first!.requests.length;
  second!.changeVisibility(true);
  await first!.settle();
  assert.equal(first!.requests.length, before + 1);
});

Deno.test("a tab that follows is told of the leader's connection and transport", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  first!.requests[0]!.cut();
  await first!.settle();
  assert.equal(second!.states.at(-1), "reconnecting (network)");
  await browser.clock.advance(42_000);
  (await first!.request()).answerPoll([{ eventType: "ready" }], { id: "2" });
  await browser.clock.advance(500);
  assert.deepEqual([second!.states.at(-1), second!.files.transport], ["live", "polling"]);
  // The next leader knows it, too.
  first!.files.close();
  assert.equal((await second!.request()).headers.get("accept"), "application/json");
});

Deno.test("a request that is refused is refused for each tab, once (SPEC 26)", async () => {
  using browser = new Browser();
  const [first, second, third] = [
    await browser.openTab(),
    await browser.openTab(),
    await browser.openTab(),
  ];
  for (const tab of [first, second, third]) {
    (await tab.request()).refuse(400, `{"code":"INVALID_PARAMETER"}`);
    await tab.settle();
    assert.equal(tab.states.at(-1), "refused (INVALID_PARAMETER)");
  }
  await browser.clock.advance(100_000);
  assert.deepEqual(browser.requests, [1, 1, 1]);
  // A page that is loaded again asks again.
  assert.equal((await browser.openTab()).requests.length, 1);
});

Deno.test("done() and events() work in a tab that follows", async () => {
  using browser = new Browser();
  const [first, second] = await browser.openTabs(2);
  const done = second!.files.done("a");
  first!.requests[0]!.send({
    eventType: "file-update",
    file: exampleFile("a", { revision: 2, status: "ready" }),
  });
  assert.equal((await done).revision, 2);
});
