/// <reference lib="dom" />
import type { BrowserContext, HTTPRequest, Page } from "puppeteer-core";
import { deadline } from "../support/deadline.ts";
import type {} from "./tabs_page.ts";

/** What is compared of a file. */
export interface Row {
  readonly id: string;
  readonly filename: string | null;
  readonly status: string | null;
  readonly progress: unknown;
  readonly revision: unknown;
}

/** A tab with the client in it. */
export interface ClientTab {
  readonly page: Page;
  /** Console errors and warnings, and uncaught exceptions. */
  readonly problems: readonly string[];
  /** Its requests for a stream. */
  readonly requests: readonly HTTPRequest[];
  /** Whether one of these has not ended. */
  hasStream(): boolean;
  /** Waits until its list has a file of this name. */
  shows(filename: string): Promise<void>;
  /** Waits until its connection has this state. */
  is(state: string): Promise<void>;
  /** Somebody signs in or, without a token, out. `event`: as supabase-js reports it. */
  signIn(token: string | null, event?: string): Promise<void>;
  /** The files, by id. */
  list(): Promise<Row[]>;
  /** As {@linkcode TabsPage} has them. */
  oddities(): Promise<readonly string[]>;
  owners(): Promise<readonly string[]>;
}

export async function openClientTab(context: BrowserContext, url: string): Promise<ClientTab> {
  const page = await context.newPage();
  const problems: string[] = [];
  const requests: HTTPRequest[] = [];
  const open = new Set<HTTPRequest>();
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) problems.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().includes("/functions/v1/") || request.method() !== "GET") return;
    requests.push(request);
    open.add(request);
  });
  page.on("requestfinished", (request) => void open.delete(request));
  page.on("requestfailed", (request) => void open.delete(request));
  await deadline(page.goto(url), "a page");
  return {
    page,
    problems,
    requests,
    hasStream: () => open.size > 0,
    shows: (filename) =>
      deadline(page.evaluate((name) => tabsPage.shows(name), filename), filename),
    is: (state) => deadline(page.evaluate((state) => tabsPage.is(state), state), state),
    signIn: (token, event) =>
      page.evaluate((token, event) => tabsPage.signIn(token, event), token, event),
    async list() {
      const rows = await page.evaluate(() =>
        tabsPage.files.value.map(({ id, filename, status, progress, revision }) => (
          { id, filename, status, progress, revision }
        ))
      );
      return rows.sort((a, b) => a.id < b.id ? -1 : 1);
    },
    oddities: () => page.evaluate(() => tabsPage.oddities),
    owners: () => page.evaluate(() => tabsPage.owners),
  };
}
