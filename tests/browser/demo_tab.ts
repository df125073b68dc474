import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { HTTPRequest, Page } from "puppeteer-core";

/** A file as the page shows it. */
export interface ShownFile {
  id: string;
  name: string;
  status: string;
  progress: number;
  /** The stage that is highlighted, if any. */
  stage: string | null;
  error: string;
  findings: Record<string, string>;
}

/** The JSON of an event. */
export interface LoggedEvent {
  eventType: string;
  file?: { id: string; filename?: string };
  reason?: string;
}

/** A tab with the demo page in it, and what went wrong there. */
export interface DemoTab {
  page: Page;
  /** Console errors and warnings, uncaught exceptions, failed requests. */
  problems: string[];
  /** The requests for a stream. */
  streams: HTTPRequest[];
  signIn(user: "ada" | "grace"): Promise<void>;
  connected(): Promise<void>;
  choose(...paths: string[]): Promise<void>;
  files(): Promise<ShownFile[]>;
  /**
   * Waits until the list is what `expected` says: statuses by name. The results of a worker in this
   * tab (`withResults`) can come later than the stream's `ready`.
   */
  shows(
    expected: Record<string, string>,
    options?: { withResults?: boolean },
  ): Promise<ShownFile[]>;
  /** The raw events, the latest first. */
  events(): Promise<LoggedEvent[]>;
}

export async function openDemoTab(page: Page, url: string): Promise<DemoTab> {
  const problems: string[] = [];
  const streams: HTTPRequest[] = [];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).pathname.endsWith("/file-events")) streams.push(request);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url);
  await page.waitForSelector("main:not([hidden])");

  const connected = async () => void await page.waitForSelector('#connection[data-state="live"]');
  const files = () => page.$$eval(".file", readFiles);
  return {
    page,
    problems,
    streams,
    connected,
    files,
    async signIn(user) {
      await page.click(user === "ada" ? "#sign-in [type=submit]" : "#sign-in-other");
      await connected();
    },
    async choose(...paths) {
      const input = await page.$("input#file-input");
      assert.ok(input);
      await input.uploadFile(...paths);
    },
    async shows(expected, { withResults = false } = {}) {
      let shown: ShownFile[] = [];
      const deadline = Date.now() + 30_000;
      do {
        shown = await files();
        const statuses = Object.fromEntries(shown.map(({ name, status }) => [name, status]));
        const isComplete = shown.length === Object.keys(expected).length &&
          (!withResults || shown.every(({ findings }) => Object.keys(findings).length > 0));
        if (isComplete && isDeepStrictEqual(statuses, expected)) return shown;
        // Not on a timer: the next look is at what the next frame paints.
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
      } while (Date.now() < deadline);
      assert.fail(`expected ${JSON.stringify(expected)}, not ${JSON.stringify(shown, null, 2)}`);
    },
    async events() {
      const lines = await page.$$eval(
        "#event-log li > code:first-of-type",
        (codes) => codes.map((code) => code.textContent ?? ""),
      );
      return lines.map((line) => JSON.parse(line));
    },
  };
}

function readFiles(rows: Element[]): ShownFile[] {
  return rows.map((row) => {
    const text = (selector: string) => row.querySelector(selector)?.textContent ?? "";
    const terms = [...row.querySelectorAll("dt")].map((term) => term.textContent ?? "");
    const phrases = [...row.querySelectorAll("dd")].map((phrase) => phrase.textContent ?? "");
    return {
      id: row.getAttribute("data-id") ?? "",
      name: text(".file-name"),
      status: row.getAttribute("data-status") ?? "",
      progress: Number(row.querySelector('[role="progressbar"]')?.getAttribute("aria-valuenow")),
      stage: row.querySelector("[data-current]")?.getAttribute("data-stage") ?? null,
      error: text(".error"),
      findings: Object.fromEntries(terms.map((term, i) => [term, phrases[i] ?? ""])),
    };
  });
}
