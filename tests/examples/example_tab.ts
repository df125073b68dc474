/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { demoUsers } from "../../local/demo_users.ts";
import { until } from "../support/until.ts";

/** A tab with an example in it, and what went wrong there. All examples have the same elements. */
export interface ExampleTab {
  readonly page: Page;
  /** Console errors and warnings, uncaught exceptions, failed requests. */
  readonly problems: string[];
  /** How many streams were asked for. */
  streams(): number;
  signIn(user: "ada" | "grace", password?: string): Promise<void>;
  signOut(): Promise<void>;
  /** Waits for exactly these rows, each as `name, status, progress`. */
  shows(...rows: string[]): Promise<void>;
  text(selector: string): Promise<string>;
}

export async function openExampleTab(page: Page, url: string): Promise<ExampleTab> {
  const problems: string[] = [];
  let streams = 0;
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (request.method() === "GET" && pathname === "/functions/v1/file-events") streams++;
  });
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url);

  const rows = () =>
    page.$$eval("li", (items) =>
      items.map((item) => {
        const { value } = item.querySelector("progress")!;
        return `${item.children[0]!.textContent}, ${item.children[1]!.textContent}, ${value}`;
      }));
  return {
    page,
    problems,
    streams: () => streams,
    async signIn(user, password) {
      const credentials = demoUsers.find(({ email }) => email.startsWith(user))!;
      await page.locator("[name=email]").fill(credentials.email);
      await page.locator("[name=password]").fill(password ?? credentials.password);
      await page.locator("[type=submit]").click();
    },
    async signOut() {
      await page.locator("header button").click();
      await page.waitForSelector("form", { visible: true });
    },
    async shows(...expected) {
      let shown: string[] = [];
      await until(async () => {
        shown = await rows();
        return JSON.stringify(shown) === JSON.stringify(expected);
      }, `rows ${expected.join("; ")}`).catch(() => assert.deepEqual(shown, expected));
    },
    text: (selector) =>
      page.$eval(selector, (element) => (element as HTMLElement).innerText.trim()),
  };
}
