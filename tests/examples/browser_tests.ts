/// <reference lib="dom" />
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Stack } from "../../local/stack.ts";
import { addFile } from "./add_file.ts";
import { buildWithVite } from "./build_with_vite.ts";
import { type ExampleTab, openExampleTab } from "./example_tab.ts";
import { changeFile } from "./installed_examples.ts";
import { serveFolder } from "./serve_folder.ts";
import type { Setting } from "./setting.ts";

/** Prepares each example as its README says, and returns the folder to serve. */
const PREPARE: Record<string, (folder: string, stack: Stack) => Promise<string>> = {
  react: buildWithVite,
  svelte: buildWithVite,
  async page(folder, { url }) {
    await changeFile(join(folder, "main.js"), { "http://127.0.0.1:54321": url });
    return folder;
  },
};

/** The examples that are pages, in Chromium. */
export function browserTests(setting: () => Setting): void {
  const folders: Record<string, string> = {};

  Deno.test.beforeAll(async () => {
    const { examples, stack } = setting();
    for (const [name, prepare] of Object.entries(PREPARE)) {
      folders[name] = await prepare(examples.path(name), stack);
    }
  });

  function test(name: string, run: (tab: ExampleTab) => Promise<void>): void {
    for (const example of Object.keys(PREPARE)) {
      Deno.test(`the ${example} example ${name}`, async () => {
        const { stack, browser } = setting();
        await stack.database.execute("delete from public.files");
        await using server = serveFolder(folders[example]!);
        const context = await browser.createBrowserContext();
        try {
          const tab = await openExampleTab(await context.newPage(), `${server.url}/`);
          await run(tab);
          assert.deepEqual(tab.problems, []);
        } finally {
          await context.close();
        }
      });
    }
  }

  test("shows the files of the user who signs in, and each change of them", async (tab) => {
    const { stack } = setting();
    const { execute } = stack.database;
    await addFile(stack, "ada", { filename: "notes.txt", status: "ready", progress: 100 });
    await tab.signIn("ada");
    await tab.shows("notes.txt, ready, 100");
    assert.match(await tab.text("main"), /1 of 1 ready/);
    await tab.page.waitForSelector("output.live");

    await addFile(stack, "ada", { filename: "report.pdf", progress: 43 });
    await tab.shows("report.pdf, pending, 43", "notes.txt, ready, 100");
    await execute(
      "update files set progress = 61, status = 'processing', processing_stage = 'compression' where progress = 43",
    );
    await tab.shows("report.pdf, compression, 61", "notes.txt, ready, 100");
    assert.match(await tab.text("main"), /1 of 2 ready, 8[01] % in all/);

    await execute(
      "update files set status = 'failed', processing_stage = null, error_message = 'It is broken.' where progress = 61",
    );
    await tab.shows("report.pdf, failed, 61", "notes.txt, ready, 100");
    assert.equal(await tab.text("li em"), "It is broken.");
    assert.match(await tab.text("main"), /1 of 2 ready, 1 failed/);
    await execute("delete from files where status = 'ready'");
    await tab.shows("report.pdf, failed, 61");
    assert.equal(tab.streams(), 1);
  });

  test("goes on after a reload, with nothing to sign in again", async (tab) => {
    const { stack } = setting();
    await addFile(stack, "ada", { filename: "notes.txt", status: "ready", progress: 100 });
    await tab.signIn("ada");
    await tab.shows("notes.txt, ready, 100");
    await tab.page.reload();
    await tab.shows("notes.txt, ready, 100");
  });

  test("shows nothing of a user who has signed out", async (tab) => {
    const { stack } = setting();
    await addFile(stack, "ada", { filename: "ada.txt" });
    await addFile(stack, "grace", { filename: "grace.txt" });
    await tab.signIn("ada");
    await tab.shows("ada.txt, pending, 0");
    await tab.signOut();
    await tab.shows();

    const seen = await tab.page.evaluateHandle(() => {
      const seen = { text: "" };
      new MutationObserver(() => seen.text += document.body.innerText)
        .observe(document.body, { subtree: true, childList: true, characterData: true });
      return seen;
    });
    await tab.signIn("grace");
    await tab.shows("grace.txt, pending, 0");
    const { text } = await seen.jsonValue();
    assert.match(text, /grace\.txt/);
    assert.doesNotMatch(text, /ada\.txt/);
  });

  test("says why there is no connection, and goes on by itself", async (tab) => {
    await addFile(setting().stack, "ada", { filename: "notes.txt" });
    let isBroken = true;
    await tab.page.setRequestInterception(true);
    tab.page.on("request", (request) => {
      const isStream = request.url().includes("/functions/v1/");
      void (isStream && isBroken ? request.abort() : request.continue());
    });
    await tab.signIn("ada");
    await tab.page.waitForFunction(() =>
      document.querySelector("output")?.textContent.trim() === "loading network"
    );
    isBroken = false;
    await tab.shows("notes.txt, pending, 0");
    assert.equal(await tab.text("output"), "live");
    // The browser itself reports the requests that failed.
    assert.match(tab.problems.splice(0).join(), /ERR_FAILED/);
  });

  test("says why somebody can't sign in", async (tab) => {
    await tab.signIn("ada", "guess");
    await tab.page.waitForSelector("[role=alert]:not(:empty)");
    assert.match(await tab.text("[role=alert]"), /invalid/i);
    // The browser itself reports the refused request.
    assert.match(tab.problems.splice(0).join(), /400/);
  });
}
