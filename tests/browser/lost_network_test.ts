/// <reference lib="dom" />
import assert from "node:assert/strict";
import { assertShowsDatabase } from "./assert_shows_database.ts";
import { demoPageTests } from "./demo_page_tests.ts";
import type { DemoTab } from "./demo_tab.ts";
import { startNetwork } from "../support/network.ts";

const { stack, test: browserTest, file, largeFile } = demoPageTests();

/** Of two files together: more than a fixed number of attempts within a few seconds would be. */
const MANY_ATTEMPTS = 12;

browserTest("goes on with its files after an outage", async (openTab) => {
  await using network = startNetwork(stack().url);
  const tab = await openTab(network.url);
  const { page, problems, signIn, choose, shows } = tab;
  await signIn("ada");
  await choose(await file("doomed.txt", "doomed"));
  await shows({ "doomed.txt": "ready" });
  await choose(await largeFile("novel.txt", 25_000_000));
  await page.waitForSelector('[data-status="processing"] [role="progressbar"]');
  const attempts = await failedRequestsOfWorker(tab);

  network.cut();
  await page.waitForSelector('#connection[data-state="reconnecting"]');
  await choose(await file("late.txt", "late"));
  await page.waitForSelector("#notices li");
  assert.deepEqual(await notices(tab), [
    "late.txt waits for its turn: Supabase cannot be reached.",
  ]);
  await page.click("aria/Delete doomed.txt");
  await page.waitForSelector("#notices li:nth-child(2)");
  assert.equal((await notices(tab))[1], "doomed.txt was not deleted: Supabase cannot be reached");
  await attempts.reached(MANY_ATTEMPTS);
  assert.doesNotMatch(await page.$eval("body", (body) => body.innerText), /TypeError|fetch/);

  network.mend();
  await shows({ "doomed.txt": "ready", "novel.txt": "ready", "late.txt": "ready" });
  assert.deepEqual(await notices(tab), [
    "doomed.txt was not deleted: Supabase cannot be reached",
  ]);
  await assertShowsDatabase(tab, stack());
  assertOnlyNetworkProblems(problems);
});

browserTest("says in plain words that it can't sign in without Supabase", async (openTab) => {
  await using network = startNetwork(stack().url);
  const { page, problems, signIn } = await openTab(network.url);
  network.cut();
  await page.click("#sign-in [type=submit]");
  await page.waitForSelector("#sign-in-error:not(:empty)");
  assert.equal(
    await page.$eval("#sign-in-error", (error) => error.textContent),
    "Cannot sign in as ada@example.com: Supabase cannot be reached",
  );
  network.mend();
  await signIn("ada");
  assertOnlyNetworkProblems(problems);
});

browserTest("knows when the browser is offline, and comes back by itself", async (openTab) => {
  await using network = startNetwork(stack().url);
  const { page, problems, signIn, connected } = await openTab(network.url);
  await signIn("ada");
  network.cut();
  await page.waitForSelector('#connection[data-state="reconnecting"]');
  await page.setOfflineMode(true);
  await page.waitForSelector('#connection[data-state="offline"]');
  assert.equal(await page.$eval("#connection", (badge) => badge.textContent), "Offline");
  network.mend();
  await page.setOfflineMode(false);
  await connected();
  assertOnlyNetworkProblems(problems);
});

browserTest(
  "keeps its stream when its token is refreshed, and resumes with the new one",
  async (openTab) => {
    await using network = startNetwork(stack().url);
    const tab = await openTab(network.url);
    const { page, problems, signIn, connected, choose, shows, streams, events } = tab;
    await signIn("ada");
    await choose(await file("before.txt", "before"));
    await shows({ "before.txt": "ready" });
    const token = await refreshToken(tab);
    await choose(await file("between.txt", "between"));
    await shows({ "before.txt": "ready", "between.txt": "ready" });
    assert.equal(streams.length, 1);

    network.cut();
    await page.waitForSelector('#connection[data-state="reconnecting"]');
    network.mend();
    await connected();
    await choose(await file("after.txt", "after"));
    await shows({ "before.txt": "ready", "between.txt": "ready", "after.txt": "ready" });
    const headers = streams.at(-1)!.headers();
    assert.ok(headers["last-event-id"]);
    assert.equal(headers["authorization"], `Bearer ${token}`);
    assert.equal((await events()).filter(({ eventType }) => eventType === "reset").length, 1);
    assertOnlyNetworkProblems(problems);
  },
);

browserTest("marks later what it could not when it was closed without network", async (openTab) => {
  await using network = startNetwork(stack().url);
  const closed = await openTab(network.url);
  await closed.signIn("ada");
  await closed.choose(await largeFile("slow.txt", 50_000_000));
  await closed.page.waitForSelector('[data-status="processing"] [role="progressbar"]');
  network.cut();
  await closed.page.waitForSelector('#connection[data-state="reconnecting"]');
  await closed.page.close({ runBeforeUnload: false });
  const [row] = await stack().database.query("select status from public.files");
  assert.deepEqual(row, { status: "processing" });

  network.mend();
  const next = await openTab(network.url);
  await next.connected();
  const [slow] = await next.shows({ "slow.txt": "failed" });
  assert.equal(slow?.error, "The page was closed before the file was done.");
  assertOnlyNetworkProblems(closed.problems);
});

browserTest("leaves the files of another tab alone that is at work", async (openTab) => {
  const [one, two] = [await openTab(), await openTab()];
  await one.signIn("ada");
  await one.choose(await largeFile("slow.txt", 50_000_000));
  await one.page.waitForSelector('[data-status="processing"] [role="progressbar"]');
  await two.page.reload();
  await two.connected();
  await one.shows({ "slow.txt": "ready" });
  await two.shows({ "slow.txt": "ready" });
});

/** Lets supabase-js refresh the tab's session, and resolves with the new token. */
async function refreshToken({ page }: DemoTab): Promise<string> {
  // Auth gives the same token again within the second in which it was issued.
  const signedInAt = Math.floor(Date.now() / 1000);
  await page.waitForFunction((second) => Date.now() / 1000 >= second + 1, {}, signedInAt);
  const known = await page.evaluate(() => {
    const key = `session ${sessionStorage.getItem("account")}`;
    const session = JSON.parse(localStorage.getItem(key)!);
    localStorage.setItem(key, JSON.stringify({ ...session, expires_at: Date.now() / 1000 }));
    dispatchEvent(new Event("visibilitychange"));
    return session.access_token;
  });
  const refreshed = await page.waitForFunction(
    (known) => {
      const key = `session ${sessionStorage.getItem("account")}`;
      const { access_token } = JSON.parse(localStorage.getItem(key)!);
      return access_token !== known && access_token;
    },
    {},
    known,
  );
  return await refreshed.jsonValue();
}

function notices({ page }: DemoTab): Promise<string[]> {
  return page.$$eval("#notices li > span", (spans) => spans.map((span) => span.textContent ?? ""));
}

/** Counts from now on. */
async function failedRequestsOfWorker({ page }: DemoTab) {
  const [worker] = page.workers();
  assert.ok(worker);
  let failed = 0;
  worker.client.on("Network.loadingFailed", () => failed++);
  await worker.client.send("Network.enable");
  return {
    async reached(count: number) {
      const deadline = Date.now() + 30_000;
      while (failed < count) {
        assert.ok(Date.now() < deadline, `only ${failed} requests failed`);
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
      }
    },
  };
}

/** The browser itself reports what it could not load. */
function assertOnlyNetworkProblems(problems: string[]): void {
  for (const problem of problems.splice(0)) assert.match(problem, /net::\w+/);
}
