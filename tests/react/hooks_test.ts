/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { createElement, StrictMode, version as CURRENT } from "react";
import { renderToString } from "react-dom/server";
import { fileEvents } from "../../client/file_events.ts";
import { launchBrowser } from "../support/launch_browser.ts";
import { until } from "../support/until.ts";
import { App } from "./app.ts";
import { bundlePage } from "./bundle_page.ts";
import { exampleFile, type FilesServer, serveFiles, type WrittenStream } from "./files_server.ts";
import type {} from "./page.ts";

const OLDEST = "18.3.1";

interface Tab {
  readonly page: Page;
  readonly server: FilesServer;
  /** The stream that is opened as the `count`th. */
  stream(count?: number): Promise<WrittenStream>;
  shows(text: string): Promise<void>;
}

let browser: Awaited<ReturnType<typeof launchBrowser>>;
const scripts = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

Deno.test.beforeAll(async () => {
  browser = await launchBrowser();
});
Deno.test.afterAll(() => browser[Symbol.asyncDispose]());

/** A test with each version; it fails if the page reports any problem. */
function test(
  name: string,
  run: (tab: Tab) => Promise<void>,
  { versions = [CURRENT, OLDEST], html = "" } = {},
) {
  for (const version of versions) {
    Deno.test(`${name}, with React ${version}`, async () => {
      if (!scripts.has(version)) scripts.set(version, bundlePage(version));
      await using server = serveFiles(await scripts.get(version)!, html);
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on("console", (message) => {
        if (["error", "warn"].includes(message.type())) problems.push(message.text());
      });
      page.on("pageerror", (error) => problems.push(String(error)));
      try {
        await page.goto(server.url);
        await run({
          page,
          server,
          async stream(count = 1) {
            await until(() => server.streams.length >= count, `stream ${count}`);
            return server.streams[count - 1]!;
          },
          shows: (text) =>
            until(
              async () =>
                await page.$eval("#root", (root) => (root as HTMLElement).innerText) === text,
              text,
            ),
        });
        assert.deepEqual(problems, []);
      } finally {
        await page.close();
      }
    });
  }
}

test("all hooks share one stream, in StrictMode too", async ({ page, server, stream, shows }) => {
  await page.evaluate(() => testPage.render("all"));
  const { snapshot, update } = await stream();
  await shows("loading: none of 0");
  snapshot(exampleFile("1", 10), exampleFile("2", 20));
  await shows("live: 1.txt of 2\n\n2.txt 20 %\n1.txt 10 %");
  update(exampleFile("1", 30));
  await shows("live: 1.txt of 2\n\n2.txt 20 %\n1.txt 30 %");
  assert.equal(server.streams.length, 1);
});

test("useFile renders again only when its file changes", async ({ page, stream, shows }) => {
  await page.evaluate(() => testPage.render("all"));
  const { snapshot, update } = await stream();
  snapshot(exampleFile("1", 10), exampleFile("2", 20));
  await shows("live: 1.txt of 2\n\n2.txt 20 %\n1.txt 10 %");
  const before = await page.evaluate(() => ({ ...testPage.renders }));
  update(exampleFile("1", 30));
  await shows("live: 1.txt of 2\n\n2.txt 20 %\n1.txt 30 %");
  const after = await page.evaluate(() => testPage.renders);
  assert.equal(after["2"], before["2"]);
  assert.ok(after["1"]! > before["1"]!);
});

test("useFiles and useSummary return one object to all components", async ({ page, stream, shows }) => {
  await page.evaluate(() => testPage.render("all"));
  const { snapshot } = await stream();
  snapshot(exampleFile("1", 10));
  await shows("live: 1.txt of 1\n\n1.txt 10 %");
  assert.ok(await page.evaluate(() => testPage.snapshots.Status === testPage.snapshots.List));
  assert.ok(await page.evaluate(() => testPage.summaries.Status === testPage.summaries.List));
});

test("useFiles and useFile follow another source", async ({ page, stream, shows }) => {
  await page.evaluate(() => testPage.render("all"));
  const first = await stream();
  first.snapshot(exampleFile("1", 10));
  await shows("live: 1.txt of 1\n\n1.txt 10 %");

  await page.evaluate(() => testPage.render("some"));
  await shows("loading: none of 0");
  const second = await stream(2);
  assert.deepEqual(second.fileIds, ["3"]);
  second.snapshot(exampleFile("3", 30));
  await shows("live: none of 1\n\n3.txt 30 %");
  second.update(exampleFile("3", 40));
  await shows("live: none of 1\n\n3.txt 40 %");
});

test(
  "the stream closes after the last component has unmounted",
  async ({ page, stream, shows }) => {
    await page.evaluate(() => testPage.render("all"));
    const opened = await stream();
    opened.snapshot();
    await shows("live: none of 0");
    await page.evaluate(() => testPage.unmount());
    await until(() => !opened.isOpen(), "the stream closes");
  },
  { versions: [CURRENT] },
);

let requests = 0;
const onServer = createElement(App, {
  source: fileEvents({
    url: "https://project.example",
    key: "publishable",
    getToken: () => String(requests++),
  }),
});
const html = renderToString(createElement(StrictMode, null, onServer));

Deno.test("the server renders no files, and opens nothing", () => {
  assert.equal(html, "<main><p>loading: none of 0</p><ul></ul></main>");
  assert.equal(requests, 0);
});

test(
  "a page that the server rendered is hydrated as it is, then shows the files",
  async ({ page, server, stream, shows }) => {
    await shows("loading: none of 0");
    assert.equal(server.streams.length, 0);
    await page.evaluate(() => testPage.hydrateLate());
    const { snapshot } = await stream();
    snapshot(exampleFile("1", 10));
    await shows("live: 1.txt of 1\n\n1.txt 10 %");
    assert.equal(server.streams.length, 1);
  },
  { html },
);
