/// <reference lib="dom" />
import type { SupabaseClient } from "@supabase/supabase-js";
import type { HTTPRequest, Page } from "puppeteer-core";
import { demoUsers } from "../../local/demo_users.ts";

/** What the example and {@linkcode watchPage} make global in the page. */
declare global {
  var supabase: SupabaseClient;
  var files: Map<string, { id: string; filename: string; revision: number }>;
  var sources: EventSource[];
}

/** An answer to a request for a stream, instead of the function's. */
export type Answer = { status: number; body?: string };

/** A tab with the README's example in it. */
export interface ReadmeTab {
  page: Page;
  /** URLs of all requests for a stream, in order. */
  streams: URL[];
  /** How many tokens were asked for with a refresh token. */
  refreshes(): number;
  /** Answers the next requests for a stream, instead of the function. */
  answerNext(...answers: Answer[]): void;
  signIn(user: "ada" | "grace"): Promise<void>;
  /** Waits until exactly one source is open and the list holds `names`. */
  shows(...names: string[]): Promise<void>;
  /** How many sources are not closed. */
  openSources(): Promise<number>;
}

/** @param options.clockMinutes How many minutes the page's clock is ahead. */
export async function openReadmeTab(
  page: Page,
  url: string,
  { clockMinutes = 0 } = {},
): Promise<ReadmeTab> {
  const streams: URL[] = [];
  const answers: Answer[] = [];
  let refreshes = 0;
  await page.setRequestInterception(true);
  page.on("request", (request: HTTPRequest) => {
    const asked = new URL(request.url());
    if (asked.searchParams.get("grant_type") === "refresh_token") refreshes++;
    if (!asked.pathname.endsWith("/file-events")) return void request.continue();
    streams.push(asked);
    const answer = answers.shift();
    if (!answer) return void request.continue();
    void request.respond({ contentType: "text/event-stream", body: "", ...answer });
  });
  await page.evaluateOnNewDocument(watchPage, clockMinutes);
  await page.goto(url);
  await page.waitForFunction(() => "supabase" in globalThis);
  return {
    page,
    streams,
    refreshes: () => refreshes,
    answerNext: (...next) => void answers.push(...next),
    async signIn(user) {
      const { email, password } = demoUsers.find(({ email }) => email.startsWith(user))!;
      const problem = await page.evaluate(
        async (credentials) => (await supabase.auth.signInWithPassword(credentials)).error?.message,
        { email, password },
      );
      if (problem) throw new Error(`Cannot sign in: ${problem}`);
    },
    async shows(...names) {
      await page.waitForFunction(
        (expected) => {
          const shown = [...files.values()].map(({ filename }) => filename).sort().join();
          return shown === expected && sources.filter(({ readyState }) => readyState === 1).length;
        },
        { timeout: 30_000 },
        names.sort().join(),
      );
    },
    openSources: () =>
      page.evaluate(() => sources.filter(({ readyState }) => readyState !== 2).length),
  };
}

/** Runs in the page before its own scripts. */
function watchPage(clockMinutes: number): void {
  const ahead = clockMinutes * 60_000;
  const { Date, EventSource } = globalThis;
  globalThis.sources = [];
  globalThis.EventSource = class extends EventSource {
    constructor(url: string | URL) {
      super(url);
      sources.push(this);
    }
  };
  if (!ahead) return;
  globalThis.Date = class extends Date {
    constructor(...parts: [number]) {
      super(...(parts.length ? parts : [Date.now() + ahead] as [number]));
    }
    static override now() {
      return Date.now() + ahead;
    }
  } as DateConstructor;
}
