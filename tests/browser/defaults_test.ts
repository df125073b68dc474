/// <reference lib="dom" />
import assert from "node:assert/strict";
import { signToken } from "../../local/realtime/token.ts";
import { assertShowsDatabase } from "./assert_shows_database.ts";
import { demoPageTests } from "./demo_page_tests.ts";
import type { DemoTab } from "./demo_tab.ts";
import { watchBars } from "./watch_bars.ts";

const { stack, test: browserTest, file, largeFile } = demoPageTests();

browserTest("outlasts an outage that outlasts its token, with all defaults", async (openTab) => {
  const tab = await openTab();
  const { page, signIn, connected, choose, shows, streams, events } = tab;
  await signIn("ada");
  await choose(await file("doomed.txt", "doomed"));
  await shows({ "doomed.txt": "ready" });
  await shortenToken(tab);
  await page.reload();
  await connected();
  await shows({ "doomed.txt": "ready" });
  const shortened = streams.at(-1);
  const bars = await watchBars(page);

  await page.click('[data-fault="down"]');
  await choose(await largeFile("novel.txt", 25_000_000), await file("empty.txt", ""));
  await page.click("aria/Delete doomed.txt");
  await shows({ "novel.txt": "ready", "empty.txt": "failed" });
  await assertShowsDatabase(tab, stack());

  await page.waitForFunction(() => document.querySelector('[data-type="closing"]'));
  await connected();
  await choose(await file("after.txt", "after"));
  await shows({ "novel.txt": "ready", "empty.txt": "failed", "after.txt": "ready" });
  await assertShowsDatabase(tab, stack());

  const closing = (await events()).find(({ eventType }) => eventType === "closing");
  assert.equal(closing?.reason, "token-expired");
  const last = streams.at(-1)!.headers();
  assert.notEqual(last["authorization"], shortened?.headers()["authorization"]);
  assert.ok(last["last-event-id"]);
  assert.equal((await events()).filter(({ eventType }) => eventType === "reset").length, 1);
  assert.deepEqual(await bars(), { fell: [], vanished: ["doomed.txt"] });
});

/**
 * Gives the tab's session a token that ends soon, of which supabase-js believes that it lasts: the
 * function ends the stream 5 to 15 s before the token, and takes none that ends within 30 s.
 */
async function shortenToken({ page }: DemoTab): Promise<void> {
  const session = await page.evaluate(() =>
    JSON.parse(localStorage.getItem(`session ${sessionStorage.getItem("account")}`)!)
  );
  const claims = JSON.parse(atob(session.access_token.split(".")[1]));
  const exp = Math.floor(Date.now() / 1000) + 38;
  const access_token = await signToken({ ...claims, exp }, stack().jwtSecret);
  await page.evaluate(
    (session) => {
      localStorage.setItem(`session ${sessionStorage.getItem("account")}`, JSON.stringify(session));
    },
    { ...session, access_token },
  );
}
