import type { Page } from "puppeteer-core";

/** Lets a page go on that has only stood still. */
export type Resume = () => Promise<void>;

/** Each way in which a page stops. */
export const stopPage = {
  async close(page): Promise<undefined> {
    await page.close();
  },

  async crash(page): Promise<undefined> {
    const devtools = await page.createCDPSession();
    const crashed = new Promise((resolve) => page.once("error", resolve));
    // The answer never comes.
    devtools.send("Page.crash").catch(() => {});
    await crashed;
    await page.close();
  },

  /** As browsers freeze a page that is hidden: it is told before. It stays hidden after that. */
  async freeze(page): Promise<Resume> {
    const devtools = await page.createCDPSession();
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    return () => devtools.send("Page.setWebLifecycleState", { state: "active" });
  },

  /** At its next statement, without being told before. Its locks and connections stay. */
  async pause(page): Promise<Resume> {
    const devtools = await page.createCDPSession();
    await devtools.send("Debugger.enable");
    const paused = new Promise((resolve) => devtools.once("Debugger.paused", resolve));
    await devtools.send("Debugger.pause");
    await paused;
    return () => devtools.send("Debugger.disable");
  },
} satisfies Record<string, (page: Page) => Promise<Resume | undefined>>;
