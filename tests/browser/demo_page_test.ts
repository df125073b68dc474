/// <reference lib="dom" />
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { demoPageTests } from "./demo_page_tests.ts";
import type { DemoTab, ShownFile } from "./demo_tab.ts";

const SCREENSHOTS = new URL("../../.test-output/screenshots/", import.meta.url);

const { stack, test: browserTest, file, largeFile } = demoPageTests();

browserTest("signs in the user that is filled in, with one click", async (openTab) => {
  const { page, signIn } = await openTab();
  await signIn("ada");
  assert.equal(await textOf(page, "#account-email"), "ada@example.com");
  assert.equal(await textOf(page, "#connection"), "Live");
});

browserTest("says why it cannot sign in", async (openTab) => {
  const { page, problems } = await openTab();
  await page.locator("[name=password]").fill("guess");
  await page.click("#sign-in [type=submit]");
  await page.waitForSelector("#sign-in-error:not(:empty)");
  assert.match(await textOf(page, "#sign-in-error"), /^Cannot sign in as ada@example.com: /);
  // The browser itself reports the refused request.
  assert.match(problems.splice(0).join(), /400/);
});

browserTest("brings several files at once to 100 %, with their results", async (openTab) => {
  const { signIn, choose, shows, events } = await openTab();
  await signIn("ada");
  const texts = { "a.txt": "one two\nthree", "b.md": "# 語 🚀\n".repeat(5000), "c.csv": "1,2\n" };
  await choose(...await Promise.all(Object.entries(texts).map(([name, text]) => file(name, text))));

  const expected = { "a.txt": "ready", "b.md": "ready", "c.csv": "ready" };
  const shown = await shows(expected, { withResults: true });
  for (const [name, text] of Object.entries(texts)) {
    const { progress, findings } = shown.find((row) => row.name === name)!;
    assert.equal(progress, 100);
    assert.equal(findings["SHA-256"], createHash("sha256").update(text).digest("hex"));
  }
  const { findings } = shown.find((row) => row.name === "a.txt")!;
  assert.equal(findings["Text"], "13 characters, 3 words, 2 lines");
  assert.match(findings["Gzip"]!, /^13 → \d+ bytes, \d+ %$/);

  const log = await events();
  for (const stage of ["extraction", "compression", "embedding", "finalization"]) {
    assert.ok(JSON.stringify(log).includes(`"processing_stage":"${stage}"`), stage);
  }
});

browserTest("takes a file that is dropped anywhere on it", async (openTab) => {
  const { page, signIn, shows } = await openTab();
  await signIn("ada");
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["dropped"], "dropped.txt"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
  });
  await shows({ "dropped.txt": "ready" });
});

browserTest("shows why a file failed", async (openTab) => {
  const { signIn, choose, shows } = await openTab();
  await signIn("ada");
  await choose(await file("empty.txt", ""), await largeFile("large.bin", 50_000_001));
  const shown = await shows({ "empty.txt": "failed", "large.bin": "failed" });
  assert.deepEqual(Object.fromEntries(shown.map(({ name, error }) => [name, error])), {
    "empty.txt": "The file is empty.",
    "large.bin": "The file is too large: 50,000,001 bytes, and the limit is 50,000,000 bytes.",
  });
});

browserTest("deletes a file, and a worker that is on it stops", async (openTab) => {
  const { page, signIn, choose, shows } = await openTab();
  await signIn("ada");
  await choose(await largeFile("slow.txt", 50_000_000));
  await page.waitForSelector('[role="progressbar"]:not([aria-valuenow="0"])');
  await page.click("aria/Delete slow.txt");
  await shows({});
  await choose(await file("next.txt", "next"));
  await shows({ "next.txt": "ready" });
  assert.equal((await stack().database.query("select from public.files")).length, 1);
});

browserTest("shows one user nothing of another's, deletes included", async (openTab) => {
  const ada = await openTab();
  const grace = await openTab();
  await ada.signIn("ada");
  await grace.signIn("grace");
  await ada.choose(await file("ada.txt", "mine"), await file("gone.txt", "mine too"));
  await ada.shows({ "ada.txt": "ready", "gone.txt": "ready" });
  await ada.page.click("aria/Delete gone.txt");
  await ada.shows({ "ada.txt": "ready" });

  await grace.choose(await file("grace.txt", "hers"));
  await grace.shows({ "grace.txt": "ready" });
  for (const event of await grace.events()) {
    assert.notEqual(event.eventType, "file-deleted");
    assert.ok(!event.file || event.file.filename === "grace.txt");
  }
  await ada.shows({ "ada.txt": "ready" });

  await grace.page.click("#switch-user");
  await grace.shows({ "ada.txt": "ready" });
  assert.equal(await textOf(grace.page, "#account-email"), "ada@example.com");
  assert.equal(await textOf(ada.page, "#account-email"), "ada@example.com");
});

browserTest("finishes what a user began who has left meanwhile", async (openTab) => {
  const { page, signIn, choose, shows } = await openTab();
  await signIn("ada");
  await choose(await largeFile("slow.txt", 20_000_000));
  await page.waitForSelector('[role="progressbar"]');
  await page.click("#switch-user");
  await page.waitForFunction(
    () => document.getElementById("account-email")?.textContent === "grace@example.com",
  );
  await shows({});
  await page.click("#switch-user");
  await shows({ "slow.txt": "ready" });
});

browserTest("goes on after a reload", async (openTab) => {
  const { page, signIn, choose, shows, connected } = await openTab();
  await signIn("ada");
  await choose(await file("kept.txt", "kept"), await file("empty.txt", ""));
  await shows({ "kept.txt": "ready", "empty.txt": "failed" });
  await page.reload();
  await connected();
  await shows({ "kept.txt": "ready", "empty.txt": "failed" });
  assert.equal(await textOf(page, "#account-email"), "ada@example.com");
});

browserTest("leaves no file in progress when it is closed", async (openTab) => {
  const { page, signIn, choose, shows, connected } = await openTab();
  await signIn("ada");
  await choose(await largeFile("slow.txt", 50_000_000));
  await page.waitForSelector('[role="progressbar"]:not([aria-valuenow="0"])');
  await page.reload();
  await connected();
  const [slow] = await shows({ "slow.txt": "failed" });
  assert.equal(slow?.error, "The page was closed before the file was done.");
});

browserTest("shows two tabs of one user the same", async (openTab) => {
  const [one, two] = [await openTab(), await openTab()];
  await one.signIn("ada");
  await two.signIn("ada");
  await one.choose(await file("shared.txt", "shared"));
  await one.shows({ "shared.txt": "ready" });
  await two.shows({ "shared.txt": "ready" });
  await two.page.click("aria/Delete shared.txt");
  await one.shows({});
  await two.shows({});
});

browserTest("moves its bars for a file that somebody else processes", async (openTab) => {
  const { signIn, shows } = await openTab();
  await signIn("ada");
  await stack().database.execute(`
    insert into public.files (user_id, filename, file_type, status, progress, processing_stage)
    select id, 'elsewhere.pdf', 'application/pdf', 'processing', 43, 'compression'
    from auth.users where email = 'ada@example.com'`);
  const [shown] = await shows({ "elsewhere.pdf": "processing" });
  assert.equal(shown?.progress, 43);
});

browserTest("counts its files, and marks one whose steps have ceased", async (openTab) => {
  const { page, signIn, choose, shows } = await openTab();
  await signIn("ada");
  await choose(await file("a.txt", "a"), await file("empty.txt", ""));
  const done = { "a.txt": "ready", "empty.txt": "failed" };
  await shows(done);
  await stack().database.execute(`
    insert into public.files (user_id, filename, file_type, status, progress)
    select id, 'slow.pdf', 'application/pdf', 'processing', 1
    from auth.users where email = 'ada@example.com'`);
  await shows({ ...done, "slow.pdf": "processing" });
  await step(2);
  assert.equal(await textOf(page, "#files-count"), "1 of 3 ready, 1 failed");

  await page.waitForSelector(".file[data-stalled]");
  assert.equal(await textOf(page, "[data-stalled] .file-name"), "slow.pdf");
  assert.equal(await visibleText("[data-stalled] .file-status"), "2 %, stalled");
  assert.equal(await textOf(page, "#files-count"), "1 of 3 ready, 1 failed, 1 stalled");

  await step(3);
  assert.equal(await page.$(".file[data-stalled]"), null);
  assert.equal(await visibleText("[data-status=processing] .file-status"), "3 %");
  assert.equal(await textOf(page, "#files-count"), "1 of 3 ready, 1 failed");

  async function step(progress: number) {
    await stack().database.execute(
      `update public.files set progress = ${progress} where filename = 'slow.pdf'`,
    );
    await page.waitForSelector(`[data-status=processing] [aria-valuenow="${progress}"]`);
  }

  function visibleText(selector: string) {
    return page.$eval(selector, (element) => (element as HTMLElement).innerText);
  }
});

browserTest("says why the function refuses it", async (openTab) => {
  const { page, problems, streams } = await openTab();
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    if (!streams.includes(request)) return void request.continue();
    void request.respond({ status: 400, body: '{"code":"INVALID_PARAMETER"}' });
  });
  await page.click("#sign-in [type=submit]");
  await page.waitForSelector('#connection[data-state="refused"]');
  assert.equal(await textOf(page, "#connection"), "Refused (INVALID_PARAMETER)");
  assert.match(problems.splice(0).join(), /400/);
});

browserTest(
  "signs a second tab in as the user of the first, and lists the newest file first, after a reload too",
  async (openTab) => {
    const first = await openTab();
    await first.signIn("ada");
    await first.choose(await file("older.txt", "older"));
    await first.shows({ "older.txt": "ready" });
    await first.choose(await file("newer.txt", "newer"));
    await first.shows({ "older.txt": "ready", "newer.txt": "ready" });
    const second = await openTab();
    await second.connected();
    await second.shows({ "older.txt": "ready", "newer.txt": "ready" });
    await second.page.reload();
    await second.connected();
    const rows = await second.shows({ "older.txt": "ready", "newer.txt": "ready" });
    assert.deepEqual(rows.map(({ name }) => name), ["newer.txt", "older.txt"]);
  },
);

browserTest(
  "shows how long each change took from the database's write to the page",
  async (openTab) => {
    const [writer, watcher] = [await openTab(), await openTab()];
    await writer.signIn("ada");
    await watcher.signIn("ada");
    assert.equal(await writer.page.$("#latency:not([hidden])"), null);
    const before = Date.now();
    await writer.choose(await file("timed.txt", "timed"));
    await writer.shows({ "timed.txt": "ready" });
    await watcher.shows({ "timed.txt": "ready" });

    await writer.page.waitForFunction(() => {
      const updates = [...document.querySelectorAll('[data-type="file-update"] .event-latency')];
      return updates.every((latency) => latency.textContent !== "");
    });
    await writer.page.waitForSelector("#latency:not([hidden])");
    const elapsed = Date.now() - before;
    const shown = await latencies(writer);
    assert.ok(shown.length > 0);
    for (const latency of [...shown, await textOf(writer.page, "#latency-median")]) {
      assert.ok(milliseconds(latency) <= elapsed, latency);
    }
    // What another tab has written, this one can't know the time of.
    assert.deepEqual((await latencies(watcher)).filter(Boolean), []);
    assert.equal(await watcher.page.$("#latency:not([hidden])"), null);

    function latencies({ page }: DemoTab) {
      return page.$$eval(
        '[data-type="file-update"] .event-latency',
        (elements) => elements.map((element) => element.textContent ?? ""),
      );
    }

    function milliseconds(text: string): number {
      const [, number, unit] = text.match(/^<?([\d.]+) (ms|s)$/) ?? assert.fail(text);
      return Number(number) * (unit === "s" ? 1000 : 1);
    }
  },
);

browserTest("offers an example to whoever has no file at hand", async (openTab) => {
  const { page, signIn, shows } = await openTab();
  await signIn("ada");
  await page.click("#example");
  await shows({ "example.txt": "ready" });
});

browserTest("shows the events' JSON and ids on request", async (openTab) => {
  const { page, signIn } = await openTab();
  await signIn("ada");
  const data = await page.$eval(".event-data", (code) => code.textContent ?? "");
  assert.equal(JSON.parse(data).eventType, "ready");
  assert.match(await textOf(page, ".event-id"), /^id: \S+$/);
  const visible = () => page.$eval(".event-data", (code) => code.checkVisibility());
  assert.equal(await visible(), false);
  await page.click("#raw");
  assert.equal(await visible(), true);
});

browserTest("says that there is nothing to break when nobody is connected", async (openTab) => {
  const { page, signIn } = await openTab();
  await signIn("ada");
  await page.click('[data-fault="down"]');
  await logged("0 sockets, 0 channels");
  await page.click('[data-fault="deaf"]');
  await logged("no channel to deafen");
  await page.click('[data-fault="drop"]');
  await logged("no socket to cut");

  async function logged(text: string) {
    await page.waitForFunction(
      (text) => document.getElementById("fault-log")?.textContent?.includes(text),
      {},
      text,
    );
  }
});

browserTest(
  "shows the stage beside the per cent: one ends where the next begins",
  async (openTab) => {
    const { page, signIn } = await openTab();
    await signIn("ada");
    await stack().database.execute(`
    insert into public.files (user_id, filename, file_type, status, progress, processing_stage)
    select id, 'a.pdf', 'application/pdf', 'processing', 25, 'compression'
    from auth.users where email = 'ada@example.com'`);
    await page.waitForSelector('[data-type="file-update"]');
    assert.equal(await textOf(page, '[data-type="file-update"] .event-state'), "compression 25 %");
  },
);

browserTest(
  "keeps results over a reload, and says where they are in another tab",
  async (openTab) => {
    const { page, signIn, choose, shows, connected } = await openTab();
    await signIn("ada");
    await choose(await file("a.txt", "one two"));
    const [{ findings }] = await shows({ "a.txt": "ready" }, { withResults: true }) as [ShownFile];
    assert.equal(findings["Text"], "7 characters, 2 words, 1 line");
    assert.equal(await visible(page), false);
    await page.reload();
    await connected();
    assert.deepEqual((await shows({ "a.txt": "ready" }))[0]?.findings, findings);
    assert.equal(await visible(page), false);

    const other = await openTab();
    await other.connected();
    assert.deepEqual((await other.shows({ "a.txt": "ready" }))[0]?.findings, {});
    assert.equal(await visible(other.page), true);

    function visible(page: DemoTab["page"]) {
      return page.$eval("#found-elsewhere", (hint) => hint.checkVisibility());
    }
  },
);

browserTest("keeps the focus where a control goes away", async (openTab) => {
  const { page, connected, choose, shows } = await openTab();
  await page.focus("#sign-in [type=submit]");
  await page.keyboard.press("Enter");
  await connected();
  assert.equal(await focused(), "file-input");

  await page.focus("#example");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".file");
  assert.equal(await focused(), "file-input");

  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([], "empty"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
  });
  await page.focus("#sign-out");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#welcome:not([hidden])");
  assert.equal(await focused(), "sign-in-email");

  await page.focus("#sign-in-other");
  await page.keyboard.press("Enter");
  await connected();
  assert.equal(await textOf(page, "#account-email"), "grace@example.com");
  await page.focus("#switch-user");
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    () => document.getElementById("account-email")?.textContent === "ada@example.com",
  );
  assert.equal(await focused(), "switch-user");
  await choose(await file("last.txt", "last"));
  await shows({ "example.txt": "ready", "empty": "failed", "last.txt": "ready" });

  function focused() {
    return page.evaluate(() => document.activeElement?.id);
  }
});

browserTest("signs out every tab of a user, and no tab of another", async (openTab) => {
  const [one, two, other] = [await openTab(), await openTab(), await openTab()];
  await other.signIn("grace");
  await one.signIn("ada");
  await two.page.reload();
  await two.connected();
  assert.equal(await textOf(two.page, "#account-email"), "ada@example.com");

  await one.page.click("#sign-out");
  await one.page.waitForSelector("#welcome:not([hidden])");
  await two.page.waitForSelector("#welcome:not([hidden])");
  await other.page.reload();
  await other.connected();
  assert.equal(await textOf(other.page, "#account-email"), "grace@example.com");
});

browserTest("shows a name that looks like markup as it is", async (openTab) => {
  const { page, signIn, choose, shows } = await openTab();
  await signIn("ada");
  await choose(await file("<img src=x onerror=alert(1)>.txt", "hi"));
  await shows({ "<img src=x onerror=alert(1)>.txt": "ready" });
  assert.equal(await page.$("#workplace img"), null);
});

browserTest("works by keyboard", async (openTab) => {
  const { page, connected, choose, shows } = await openTab();
  await page.focus("[name=password]");
  await page.keyboard.press("Enter");
  await connected();
  await choose(await file("one.txt", "1"));
  await shows({ "one.txt": "ready" });
  await choose(await file("two.txt", "2"));
  await shows({ "one.txt": "ready", "two.txt": "ready" });

  await page.focus("#sign-out");
  for (const expected of ["file-input", "Delete two.txt", "Delete one.txt"]) {
    await page.keyboard.press("Tab");
    assert.equal(await focused(), expected);
  }
  await page.keyboard.down("Shift");
  await page.keyboard.press("Tab");
  await page.keyboard.up("Shift");
  await page.keyboard.press("Enter");
  await shows({ "one.txt": "ready" });
  assert.equal(await focused(), "Delete one.txt");
  await page.keyboard.press("Space");
  await shows({});
  assert.equal(await focused(), "file-input");

  function focused() {
    return page.evaluate(() =>
      document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.id
    );
  }
});

browserTest("tells a screen reader names, values and ends, and no end again", async (openTab) => {
  const { page, signIn, connected, choose, shows } = await openTab();
  await signIn("ada");
  await choose(await file("report.md", "hello"));
  await shows({ "report.md": "ready" });
  await page.waitForSelector('aria/report.md[role="progressbar"]');
  const bar = await page.$eval('[role="progressbar"]', (element) => element.ariaValueText);
  assert.equal(bar, "100 %, ready");
  assert.equal(await textOf(page, "#announcement"), "report.md ready");
  await page.reload();
  await connected();
  await shows({ "report.md": "ready" });
  assert.equal(await textOf(page, "#announcement"), "");
});

browserTest("does not animate for whoever prefers reduced motion", async (openTab) => {
  const { page, signIn, choose, shows } = await openTab();
  await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
  await signIn("ada");
  await choose(await file("calm.txt", "calm"));
  await shows({ "calm.txt": "ready" });
  const property = await page.$eval(
    ".bar-fill",
    (fill) => getComputedStyle(fill).transitionProperty,
  );
  assert.equal(property, "none");
});

browserTest("puts a long type below the name where there is little room", async (openTab) => {
  const { page, signIn, shows } = await openTab();
  await page.setViewport({ width: 320, height: 844 });
  await signIn("ada");
  await stack().database.execute(`
    insert into public.files (user_id, filename, file_type, status)
    select id, 'minutes.docx', 'application/vnd.openxmlformats-officedocument', 'pending'
    from auth.users where email = 'ada@example.com'`);
  await shows({ "minutes.docx": "pending" });
  const name = await page.$eval(".file-name", (name) => ({
    needs: name.scrollWidth,
    has: name.clientWidth,
    bottom: name.getBoundingClientRect().bottom,
  }));
  assert.ok(name.needs <= name.has, "the name is cut");
  const typeTop = await page.$eval(".file-type", (type) => type.getBoundingClientRect().top);
  assert.ok(typeTop >= name.bottom);
});

for (const width of [320, 390, 1280]) {
  for (const scheme of ["light", "dark"]) {
    browserTest(`fits ${width} px in ${scheme}`, async (openTab) => {
      const { page, signIn, choose, shows } = await openTab();
      await page.setViewport({ width, height: width === 1280 ? 860 : 844 });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await screenshot("sign-in");
      await signIn("ada");
      const long = `${"a-rather-long-name-of-a-report-".repeat(4)}final.md`;
      await choose(
        await file("empty.txt", ""),
        await file(long, "# Rivers and lakes\n".repeat(900)),
      );
      await shows({ "empty.txt": "failed", [long]: "ready" });
      await choose(await largeFile("novel.txt", 50_000_000));
      await page.waitForSelector('[data-current][data-stage="compression"]');
      await screenshot("files");

      async function screenshot(name: string) {
        await Deno.mkdir(SCREENSHOTS, { recursive: true });
        const path = new URL(`${name}-${width}-${scheme}.png`, SCREENSHOTS)
          .pathname as `${string}.png`;
        await page.screenshot({ path });
        const scrollWidth = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.equal(scrollWidth, width, "scrolls sideways");
      }
    });
  }
}

function textOf(page: DemoTab["page"], selector: string): Promise<string> {
  return page.$eval(selector, (element) => element.textContent ?? "");
}
