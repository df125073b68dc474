/// <reference lib="dom" />
import type { Browser } from "puppeteer-core";
import type { Client } from "../client.ts";

declare global {
  /** What the data of a message is passed to, in the page. */
  var receive: (data: string) => void;
}

/** @param browser One that ignores errors of certificates. */
export function chromium(browser: Browser): Client {
  return {
    name: "Chromium's EventSource",
    acceptsGzip: true,
    async open({ url, token, receive }) {
      const opened = new AsyncDisposableStack();
      // A context has connections of its own.
      const context = await browser.createBrowserContext();
      opened.defer(() => context.close());
      const page = await context.newPage();
      await page.exposeFunction("receive", receive);
      await page.evaluate((url) => {
        new EventSource(url).onmessage = ({ data }) => globalThis.receive(data);
      }, `${url}?access_token=${token}`);
      return opened;
    },
  };
}
