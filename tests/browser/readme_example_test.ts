/// <reference lib="dom" />
import assert from "node:assert/strict";
import { signToken } from "../../local/realtime/token.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { launchBrowser } from "./launch_browser.ts";
import { bundleReadmeExample } from "./readme_example.ts";
import { openReadmeTab, type ReadmeTab } from "./readme_tab.ts";

type OpenTab = (options?: { clockMinutes?: number }) => Promise<ReadmeTab>;

// In versions up to 2.105 SIGNED_IN and INITIAL_SESSION both come at load with a stored session.
for (const version of ["@supabase/supabase-js", "supabase-js-2.58"]) {
  Deno.test(`the README's example with ${version}`, async (t) => {
    const script = await bundleReadmeExample(version);
    const page = ({ url }: Request) =>
      new URL(url).pathname === "/example.js"
        ? new Response(script, { headers: { "content-type": "text/javascript" } })
        : new Response('<!doctype html><script type="module" src="/example.js"></script>', {
          headers: { "content-type": "text/html" },
        });
    await using stack = await startStack({ page });
    await stack.database.execute(
      `insert into public.files (user_id, filename, file_type)
      select id, split_part(email, '@', 1) || '.txt', 'text/plain' from auth.users`,
    );
    await using browser = await launchBrowser();
    for (const [name, run] of Object.entries(behaviours)) {
      await t.step(name, async () => {
        const context = await browser.createBrowserContext();
        try {
          const open: OpenTab = async (options) =>
            await openReadmeTab(await context.newPage(), stack.url, options);
          await run(open, stack);
        } finally {
          await context.close();
        }
      });
    }
  });
}

const behaviours: Record<string, (openTab: OpenTab, stack: Stack) => Promise<void>> = {
  async "opens one source however often the session is reported, and none after sign-out"(openTab) {
    const tab = await openTab();
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    await tab.page.reload();
    await tab.shows("ada.txt");
    await settle(tab);
    assert.equal(await tab.openSources(), 1, "after a reload");

    const asked = tab.streams.length;
    await tab.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await settle(tab);
    assert.equal(tab.streams.length, asked, "a focus brings no new token");

    await tab.page.evaluate(async () => {
      const { auth } = supabase;
      await Promise.all([auth.refreshSession(), auth.getSession(), auth.refreshSession()]);
    });
    await settle(tab);
    assert.equal(await tab.openSources(), 1, "after overlapping refreshes");
    await tab.shows("ada.txt");

    await tab.page.evaluate(() => supabase.auth.signOut());
    assert.equal(await tab.openSources(), 0, "at sign-out");
    assert.equal(await tab.page.evaluate(() => files.size), 0);
    await settle(tab);
    assert.equal(await tab.openSources(), 0, "after sign-out");
  },

  async "follows another tab through sign-in and sign-out"(openTab) {
    const one = await openTab();
    const other = await openTab();
    await one.signIn("ada");
    for (const tab of [one, other]) await tab.shows("ada.txt");
    await one.page.evaluate(() => supabase.auth.signOut());
    for (const { page } of [one, other]) {
      await page.waitForFunction(() =>
        files.size === 0 && sources.every(({ readyState }) => readyState === 2)
      );
    }
  },

  async "never shows the files of one user to the next"(openTab) {
    const tab = await openTab();
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    const names = await tab.page.evaluate(async () => {
      await supabase.auth.signInWithPassword({
        email: "grace@example.com",
        password: "file-events",
      });
      return [...files.values()].map(({ filename }) => filename);
    });
    assert.ok(!names.includes("ada.txt"), `the list holds ${names}`);
    await tab.shows("grace.txt");
    assert.equal(await tab.openSources(), 1);
    assert.equal(tab.streams.at(-1)?.searchParams.get("last_event_id"), "");
  },

  async "asks for few tokens when the clock is an hour fast"(openTab) {
    const tab = await openTab({ clockMinutes: 61 });
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    await tab.page.reload();
    await tab.shows("ada.txt");
    await settle(tab);
    assert.equal(await tab.openSources(), 1);
    // supabase-js itself refreshes at each look at the session: two at load, two in settle().
    assert.ok(tab.refreshes() <= 8, `${tab.refreshes()} refreshes`);
  },

  async "refreshes a refused token once, though the local clock takes it for valid"(
    openTab,
    { jwtSecret },
  ) {
    const tab = await openTab();
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    const session = await storedSession(tab);
    const claims = JSON.parse(atob(session.access_token.split(".")[1]!));
    const exp = Math.floor(Date.now() / 1000) - 60;
    const access_token = await signToken({ ...claims, exp }, jwtSecret);
    await tab.page.evaluate(
      (key, value) => localStorage.setItem(key, value),
      session.key,
      JSON.stringify({ ...session.value, access_token }),
    );
    await tab.page.reload();
    await tab.shows("ada.txt");
    assert.equal(tab.refreshes(), 1);
    const refused = tab.streams.filter(({ searchParams }) =>
      searchParams.get("access_token") === access_token
    );
    assert.equal(refused.length, 2, "the source, and the request that learns why");
  },

  async "signs out when a refused token can't be refreshed"(openTab, stack) {
    const tab = await openTab();
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    await stack.database.execute("delete from auth.refresh_tokens");
    const asked = tab.streams.length;
    tab.answerNext({ status: 401 }, { status: 401 });
    await tab.page.reload();
    await tab.page.waitForFunction(() => localStorage.length === 0);
    await settle(tab);
    assert.deepEqual([await tab.openSources(), tab.refreshes()], [0, 1]);
    assert.equal(tab.streams.length, asked + 2);
  },

  async "waits out a gateway's outage with the token that it has"(openTab) {
    const tab = await openTab();
    tab.answerNext({ status: 502 }, { status: 502 }, { status: 502 }, { status: 502 });
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    assert.equal(tab.refreshes(), 0);
    assert.equal(tab.streams.length, 5);
  },

  async "keeps the last id, and the latest state of a file"(openTab) {
    const tab = await openTab();
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    tab.answerNext(stream(
      { eventType: "file-update", file: { id: "1", filename: "new.txt", revision: 5e9 } },
      { eventType: "file-update", file: { id: "1", filename: "old.txt", revision: 4e9 } },
      { eventType: "file-update", file: { id: "2", filename: "last.txt", revision: 6e9 } },
    ));
    await tab.page.evaluate(() => supabase.auth.refreshSession());
    await tab.page.waitForFunction(() => files.has("2"));
    assert.equal(await tab.page.evaluate(() => files.get("1")?.filename), "new.txt");

    await tab.page.evaluate(() => supabase.auth.refreshSession());
    await tab.shows("ada.txt", "last.txt", "new.txt");
    const [before, after] = tab.streams.slice(-2).map(({ searchParams }) =>
      searchParams.get("last_event_id")
    );
    assert.ok(before);
    assert.equal(after, before);
  },

  async "gets a new token when the stream ends with the old one"(openTab) {
    const tab = await openTab();
    tab.answerNext(stream({ eventType: "closing", reason: "token-expired" }));
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    assert.equal(tab.refreshes(), 1);
    const tokens = tab.streams.map(({ searchParams }) => searchParams.get("access_token"));
    assert.equal(new Set(tokens).size, 2);
  },

  async "reconnects after a closing reason that it doesn't know"(openTab) {
    const tab = await openTab();
    const closing = stream({ eventType: "closing", reason: "something-new" });
    tab.answerNext({ ...closing, body: `retry: 10\n${closing.body}` });
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    assert.deepEqual([tab.refreshes(), tab.streams.length], [0, 2]);
  },
};

/** A stream without ids that ends at once. The browser waits long before it reconnects. */
function stream(...events: unknown[]) {
  const blocks = events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
  return { status: 200, body: `retry: 600000\n${blocks.join("")}` };
}

/** Resolves when supabase-js has nothing left to report, and what it has reported has been handled. */
async function settle({ page }: ReadmeTab): Promise<void> {
  await page.evaluate(async () => {
    for (let round = 0; round < 2; round++) {
      await supabase.auth.getSession();
      await new Promise((resolve) => setTimeout(resolve));
    }
  });
}

async function storedSession({ page }: ReadmeTab) {
  const [key, text] = await page.evaluate(() =>
    Object.entries(localStorage).find(([key]) => key.endsWith("-auth-token"))!
  );
  const value = JSON.parse(text!);
  return { key: key!, value, access_token: value.access_token as string };
}
