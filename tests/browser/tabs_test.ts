/// <reference lib="dom" />
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Database } from "../../local/database.ts";
import { mintToken } from "../../local/mint_token.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { OTHER_USER_ID, USER_ID } from "../support/access_tokens.ts";
import { bundleScript } from "../support/bundle_script.ts";
import { deadline } from "../support/deadline.ts";
import { launchBrowser } from "../support/launch_browser.ts";
import { until } from "../support/until.ts";
import { type ClientTab, openClientTab, type Row } from "./client_tab.ts";
import { insertFile, startFilesWorker } from "./files_worker.ts";
import { stopPage } from "./stop_page.ts";
import { serveTabs, type TabsServer } from "./tabs_server.ts";

interface Stage {
  readonly database: Database;
  readonly server: TabsServer;
  open(token: string, path?: string): Promise<ClientTab>;
}

const users = { ada: USER_ID, grace: OTHER_USER_ID };

let running: AsyncDisposableStack | undefined;
let script: BodyInit;
let stack: Stack;
let browser: Awaited<ReturnType<typeof launchBrowser>>;

Deno.test.beforeAll(async () => {
  await using started = new AsyncDisposableStack();
  script = await bundleScript(new URL("tabs_page.ts", import.meta.url));
  stack = started.use(await startStack());
  browser = started.use(await launchBrowser());
  running = started.move();
});

Deno.test.afterAll(() => running?.disposeAsync());

/** With tabs of one browser that share an origin and its storage. No page may report a problem. */
function test(name: string, run: (stage: Stage) => Promise<void>): void {
  Deno.test(name, async () => {
    const { database } = stack;
    await database.execute("delete from public.files");
    await using server = serveTabs(stack.url, script);
    const context = await browser.createBrowserContext();
    const tabs: ClientTab[] = [];
    try {
      await run({
        database,
        server,
        async open(token, path = "/") {
          const tab = await openClientTab(context, `${server.url}${path}#${token}`);
          tabs.push(tab);
          return tab;
        },
      });
      assert.deepEqual(tabs.flatMap(({ problems }) => problems), []);
    } finally {
      await context.close();
    }
  });
}

/** Waits until exactly one of the tabs has a stream. */
async function leader(tabs: readonly ClientTab[]): Promise<ClientTab> {
  const leading = () => tabs.filter((tab) => tab.hasStream());
  await until(() => leading().length === 1, "one tab that leads");
  return leading()[0]!;
}

function requestsOf(tabs: readonly ClientTab[]): number {
  return tabs.reduce((sum, { requests }) => sum + requests.length, 0);
}

const ROUNDS = [
  ...["close", "crash", "freeze"],
  ...["crash", "pause", "close"],
  ...["freeze", "close", "crash"],
] as (keyof typeof stopPage)[];

test("eight tabs have one stream over HTTP/1.1, whatever happens to the one that leads", async ({ database, server, open }) => {
  const token = await mintToken(users.ada);
  await using worker = startFilesWorker(database, users.ada, "ada");
  let marks = 0;
  const mark = async (tabs: readonly ClientTab[]) => {
    const name = `ada-mark-${++marks}`;
    await insertFile(database, users.ada, name);
    await Promise.all(tabs.map((tab) => tab.shows(name)));
  };

  const tabs = [await open(token)];
  await mark(tabs);
  const openFollower = async () => {
    const tab = await open(token);
    await tab.is("live");
    await tab.shows(`ada-mark-${marks}`);
    assert.equal(tab.requests.length, 0, "a new tab has asked the function");
    tabs.push(tab);
  };
  while (tabs.length < 8) await openFollower();
  await mark(tabs);
  assert.deepEqual([requestsOf(tabs), server.openStreams()], [1, 1]);
  const plain = tabs.at(-1)!.page.evaluate(async () => (await fetch("/plain")).text());
  assert.equal(await deadline(plain, "another request"), "plain");

  for (const stop of ROUNDS) {
    const leading = await leader(tabs);
    const others = tabs.filter((tab) => tab !== leading);
    const resume = await stopPage[stop](leading.page);
    await leader(others);
    await mark(others);
    if (resume) {
      await resume();
    } else {
      tabs.splice(tabs.indexOf(leading), 1);
      await openFollower();
    }
    await mark(tabs);
    await until(() => server.openStreams() === 1, "one stream");
  }

  await worker.stop();
  const rows = await database.query<Row>(
    "select id, filename, status, progress::float, revision::float from public.files order by id",
  );
  for (const tab of tabs) {
    await until(async () => isDeepStrictEqual(await tab.list(), rows), "the rows of the database");
    assert.deepEqual(await tab.oddities(), []);
  }
});

test("tabs of two users never show each other's files", async ({ database, server, open }) => {
  const [adasToken, gracesToken] = [await mintToken(users.ada), await mintToken(users.grace)];
  const add = async (owner: "ada" | "grace", name: string, ...tabs: ClientTab[]) => {
    await insertFile(database, users[owner], `${owner}-${name}`);
    await Promise.all(tabs.map((tab) => tab.shows(`${owner}-${name}`)));
  };
  const ada = [await open(adasToken), await open(adasToken), await open(adasToken)] as const;
  const grace = [await open(gracesToken), await open(gracesToken)] as const;
  await add("ada", "first", ...ada);
  await add("grace", "first", ...grace);
  const [leading, changing, staying] = ada;
  await changing.signIn(await mintToken(users.ada, { seconds: 1_800 }), "TOKEN_REFRESHED");
  await add("ada", "second", ...ada);
  assert.deepEqual([requestsOf([...ada, ...grace]), server.openStreams()], [2, 2]);

  await changing.signIn(gracesToken);
  await changing.shows("grace-first");
  await leading.signIn(null);
  await leading.is("signed-out");
  await add("ada", "third", staying);
  await add("grace", "third", ...grace, changing);
  await until(() => server.openStreams() === 2, "a stream for each user");
  await leader([staying]);

  assert.deepEqual(await leading.list(), []);
  assert.deepEqual(await Promise.all([...ada, ...grace].map((tab) => tab.owners())), [
    ["ada"],
    ["ada", "grace"],
    ["ada"],
    ["grace"],
    ["grace"],
  ]);
});

test("a page of an opaque origin has its own stream", async ({ database, server, open }) => {
  const token = await mintToken(users.ada);
  const tabs = [await open(token)];
  for (let page = 0; page < 2; page++) tabs.push(await open(token, "/sandboxed"));
  assert.equal(await tabs[1]!.page.evaluate(() => self.origin), "null");
  await Promise.all(tabs.map((tab) => tab.is("live")));
  await insertFile(database, users.ada, "ada-file");
  await Promise.all(tabs.map((tab) => tab.shows("ada-file")));
  assert.deepEqual([requestsOf(tabs), server.openStreams()], [3, 3]);
});
