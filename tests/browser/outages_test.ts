/// <reference lib="dom" />
import assert from "node:assert/strict";
import { assertShowsDatabase } from "./assert_shows_database.ts";
import { demoPageTests } from "./demo_page_tests.ts";
import { startNetwork } from "../support/network.ts";
import { watchBars } from "./watch_bars.ts";

const { stack, test: browserTest, file, largeFile } = demoPageTests({
  FILE_EVENTS_CATCH_UP_MS: "1000",
});

for (const fault of ["drop", "cold", "deaf", "limit", "walsender", "down"]) {
  browserTest(`shows what is, whatever it breaks: ${fault}`, async (openTab) => {
    const tab = await openTab();
    const { page, signIn, choose, shows, streams, events } = tab;
    await signIn("ada");
    await choose(await file("doomed.txt", "doomed"));
    await shows({ "doomed.txt": "ready" });
    const bars = await watchBars(page);

    await choose(
      await largeFile("novel.txt", 25_000_000),
      await largeFile("essay.txt", 10_000_000),
      await file("note.txt", "note"),
      await file("empty.txt", ""),
    );
    await page.waitForSelector('[data-current][data-stage="compression"]');
    await page.click(`[data-fault="${fault}"]`);
    await page.waitForSelector("#fault-log time");
    await page.click("aria/Delete doomed.txt");
    const done = {
      "novel.txt": "ready",
      "essay.txt": "ready",
      "note.txt": "ready",
      "empty.txt": "failed",
    };
    await shows(done);
    await assertShowsDatabase(tab, stack());

    await page.click('[data-fault="up"]');
    await page.waitForFunction(
      () => document.getElementById("realtime-state")?.textContent === "1 socket, 1 channel",
    );
    await choose(await file("after.txt", "after"));
    await shows({ ...done, "after.txt": "ready" });
    await page.click("aria/Delete note.txt");
    const { "note.txt": _, ...left } = done;
    await shows({ ...left, "after.txt": "ready" });
    await assertShowsDatabase(tab, stack());

    const { fell, vanished } = await bars();
    assert.deepEqual(fell, [], "bars that moved back");
    assert.deepEqual(vanished, ["doomed.txt", "note.txt"]);
    assert.equal(streams.length, 1, "the stream itself was never interrupted");
    const resets = (await events()).filter(({ eventType }) => eventType === "reset");
    assert.ok(resets.length <= 1, "the page shows the last 100 events, and the first was a reset");
  });
}

browserTest("shows what others did while its connection was broken", async (openTab) => {
  await using network = startNetwork(stack().url);
  const tab = await openTab(network.url);
  const { page, problems, signIn, connected, choose, shows, streams, events } = tab;
  await signIn("ada");
  await choose(await file("gone.txt", "gone"), await file("kept.txt", "kept"));
  await shows({ "gone.txt": "ready", "kept.txt": "ready" });
  const bars = await watchBars(page);

  network.cut();
  await page.waitForSelector('#connection[data-state="reconnecting"]');
  await stack().database.execute(`
    delete from public.files where filename = 'gone.txt';
    insert into public.files (user_id, filename, file_type, status, progress, processing_stage)
    select id, 'elsewhere.pdf', 'application/pdf', 'processing', 43, 'compression'
    from auth.users where email = 'ada@example.com'`);
  network.mend();

  await connected();
  await shows({ "kept.txt": "ready", "elsewhere.pdf": "processing" });
  await assertShowsDatabase(tab, stack());
  assert.deepEqual(await bars(), { fell: [], vanished: ["gone.txt"] });
  assert.equal((await events()).filter(({ eventType }) => eventType === "reset").length, 1);
  assert.ok(streams.length > 1);
  // The browser itself reports what it could not load.
  assert.match(problems.splice(0).join(), /^((Failed to load resource: )?net::\w+,?)+/);
});
