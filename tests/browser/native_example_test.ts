/// <reference lib="dom" />
import assert from "node:assert/strict";
import { signToken } from "../../local/realtime/token.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { launchBrowser } from "../support/launch_browser.ts";
import { bundleExample, readExample } from "./bundle_example.ts";
import { type ExampleServer, startExampleServer } from "./example_server.ts";
import { type NativeTab, openNativeTab } from "./native_tab.ts";

interface Stage {
  stack: Stack;
  server: ExampleServer;
  openTab(options?: { clockMinutes?: number }): Promise<NativeTab>;
}

// With a stored session, versions up to 2.105 report both SIGNED_IN and INITIAL_SESSION at load.
for (const version of ["@supabase/supabase-js", "supabase-js-2.58"]) {
  Deno.test(`the example for the native EventSource, with ${version}`, async (t) => {
    const example = await readExample("docs/protocol.md", "The browser's `EventSource`");
    const script = await bundleExample(example, version);
    await using stack = await startStack();
    await stack.database.execute(
      `insert into public.files (user_id, filename, file_type)
      select id, split_part(email, '@', 1) || '.txt', 'text/plain' from auth.users`,
    );
    await using browser = await launchBrowser();
    for (const [name, run] of Object.entries(behaviours)) {
      await t.step(name, async () => {
        await using server = startExampleServer(stack, script);
        const context = await browser.createBrowserContext();
        try {
          const openTab: Stage["openTab"] = async (options) =>
            await openNativeTab(await context.newPage(), server.url, options);
          await run({ stack, server, openTab });
        } finally {
          await context.close();
        }
      });
    }
  });
}

const behaviours: Record<string, (stage: Stage) => Promise<void>> = {
  async "has one source however often the session is reported"({ openTab }) {
    const tab = await openTab();
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    await tab.page.reload();
    await tab.shows("ada.txt");
    await tab.settled();
    assert.equal(await tab.openSources(), 1, "after a reload");

    const opened = () => tab.page.evaluate(() => sources.length);
    const before = await opened();
    await tab.page.bringToFront();
    await tab.page.evaluate(() =>
      new Promise<void>((resolve) => {
        supabase.auth.onAuthStateChange((event) => event === "SIGNED_IN" && resolve());
        document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      })
    );
    await tab.settled();
    assert.equal(await opened(), before, "at a focus, which brings no new token");

    await Promise.all([tab.refresh(), tab.refresh(), tab.settled(), tab.refresh()]);
    await tab.settled();
    assert.equal(await tab.openSources(), 1, "after refreshes that overlap");
    await tab.shows("ada.txt");
  },

  async "has no source after sign-out, in any tab"({ openTab }) {
    const tabs = [await openTab(), await openTab()];
    await tabs[0]!.signIn("ada");
    for (const tab of tabs) await tab.shows("ada.txt");

    await Promise.all([tabs[0]!.refresh(), tabs[0]!.signOut()]);
    for (const { page } of tabs) await page.waitForFunction(() => files.size === 0);
    for (const tab of tabs) {
      await tab.settled();
      assert.equal(await tab.openSources(), 0);
    }
  },

  async "never shows the files of one user to the next"({ server, openTab }) {
    const tab = await openTab();
    await tab.signIn("ada");
    await tab.shows("ada.txt");

    const names = await tab.signIn("grace");
    assert.ok(!names.includes("ada.txt"));
    await tab.shows("grace.txt");
    assert.equal(await tab.openSources(), 1);
    assert.equal(server.streams.at(-1)?.searchParams.get("last_event_id"), "");
  },

  async "asks for few tokens when the clock is an hour fast"({ server, openTab }) {
    const tab = await openTab({ clockMinutes: 61 });
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    await tab.page.reload();
    await tab.shows("ada.txt");
    await tab.settled();
    assert.equal(await tab.openSources(), 1);
    // With such a clock supabase-js refreshes at each look at the session: twice at load, and twice
    // in settled().
    assert.ok(server.refreshes() <= 6, `${server.refreshes()} refreshes`);
  },

  async "refreshes a refused token once, though its clock takes it for valid"(
    { stack, server, openTab },
  ) {
    const tab = await openTab();
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    const [key, text] = await tab.page.evaluate(() =>
      Object.entries(localStorage).find(([key]) => key.endsWith("-auth-token"))!
    );
    const session = JSON.parse(text!);
    const claims = JSON.parse(atob(session.access_token.split(".")[1]!));
    const exp = Math.floor(Date.now() / 1000) - 60;
    const access_token = await signToken({ ...claims, exp }, stack.jwtSecret);
    const stored = JSON.stringify({ ...session, access_token });
    await tab.page.evaluate((key, stored) => localStorage.setItem(key, stored), key!, stored);

    await tab.page.reload();
    await tab.shows("ada.txt");
    assert.equal(server.refreshes(), 1);
    // The source asked with it, and then the request that learns why the source was closed.
    const tokens = server.streams.map(({ searchParams }) => searchParams.get("access_token"));
    assert.equal(tokens.filter((token) => token === access_token).length, 2);
  },

  async "stops when a refused token can't be refreshed"({ stack, server, openTab }) {
    const tab = await openTab();
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    await stack.database.execute("delete from auth.refresh_tokens");
    const asked = server.streams.length;
    server.answerNext(401, 401);

    await tab.page.reload();
    await tab.page.waitForFunction(async () => {
      return sources.length > 0 && (await supabase.auth.getSession()).data.session === null;
    });
    await tab.settled();
    assert.equal(await tab.openSources(), 0);
    assert.deepEqual([server.streams.length - asked, server.refreshes()], [2, 1]);
  },

  async "waits for the end of an outage with the token that it has"({ server, openTab }) {
    const tab = await openTab();
    server.answerNext(502, 502, 502, 502);
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    assert.deepEqual([server.streams.length, server.refreshes()], [5, 0]);
  },

  async "keeps the last id and the latest state of a file"({ server, openTab }) {
    const tab = await openTab();
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    server.answerNext(stream(
      { eventType: "file-update", file: { id: "1", filename: "new.txt", revision: 5e9 } },
      { eventType: "file-update", file: { id: "1", filename: "old.txt", revision: 4e9 } },
      { eventType: "file-update", file: { id: "2", filename: "last.txt", revision: 6e9 } },
    ));
    await tab.refresh();
    await tab.page.waitForFunction(() => files.has("2"));
    assert.equal(await tab.page.evaluate(() => files.get("1")?.filename), "new.txt");

    await tab.refresh();
    await tab.shows("ada.txt", "last.txt", "new.txt");
    const [before, after] = server.streams.slice(-2).map(({ searchParams }) =>
      searchParams.get("last_event_id")
    );
    assert.match(before!, /\./);
    assert.equal(after, before);
  },

  async "gets a new token when the old one ends the stream"({ server, openTab }) {
    const tab = await openTab();
    server.answerNext(stream({ eventType: "closing", reason: "token-expired" }));
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    assert.deepEqual([server.streams.length, server.refreshes()], [2, 1]);
  },

  async "reconnects after a reason that it does not know"({ server, openTab }) {
    const tab = await openTab();
    server.answerNext(`retry: 10\ndata: {"eventType":"closing","reason":"new"}\n\n`);
    await tab.signIn("ada");
    await tab.shows("ada.txt");
    assert.deepEqual([server.streams.length, server.refreshes()], [2, 0]);
  },
};

/** A stream without ids, after which the browser waits long before it reconnects by itself. */
function stream(...events: unknown[]): string {
  return "retry: 600000\n" + events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
}
