/// <reference lib="dom" />
import { launchBrowser } from "../../support/launch_browser.ts";
import type { Client } from "../client.ts";

declare global {
  /** What a message's data is passed to, in the page. */
  var receive: (data: string) => void;
}

export const chromium: Client = {
  name: "Chromium's EventSource",
  acceptsGzip: true,
  async open({ url, token, receive }) {
    const browser = await launchBrowser(["--ignore-certificate-errors"]);
    const page = await browser.newPage();
    await page.exposeFunction("receive", receive);
    await page.evaluate((url) => {
      new EventSource(url).onmessage = ({ data }) => globalThis.receive(data);
    }, `${url}?access_token=${token}`);
    return browser;
  },
};
