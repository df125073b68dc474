/// <reference lib="dom" />
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Page } from "puppeteer-core";
import { demoUsers } from "../../local/demo_users.ts";

/** What the example for the native EventSource and {@linkcode watch} make global in the page. */
declare global {
  var supabase: SupabaseClient;
  var files: Map<string, { id: string; filename: string; revision: number }>;
  /** Every EventSource of the page, in order. */
  var sources: EventSource[];
}

/** A tab with the example for the native EventSource in it. */
export interface NativeTab {
  page: Page;
  /** Resolves to the names that the list holds at that moment. */
  signIn(user: "ada" | "grace"): Promise<string[]>;
  signOut(): Promise<void>;
  /** Gets a new token. */
  refresh(): Promise<void>;
  /** Waits until a source is open and the list holds exactly `names`. */
  shows(...names: string[]): Promise<void>;
  /** Resolves when supabase-js has nothing left to report and the example has handled it all. */
  settled(): Promise<void>;
  /** How many sources are not closed. */
  openSources(): Promise<number>;
}

/** @param options.clockMinutes How many minutes the page's clock is ahead. */
export async function openNativeTab(
  page: Page,
  url: string,
  { clockMinutes = 0 } = {},
): Promise<NativeTab> {
  await page.evaluateOnNewDocument(watch, clockMinutes);
  await page.goto(url);
  return {
    page,
    async signIn(user) {
      const { email, password } = demoUsers.find(({ email }) => email.startsWith(user))!;
      return await page.evaluate(
        async (credentials) => {
          const { error } = await supabase.auth.signInWithPassword(credentials);
          if (error) throw error;
          return [...files.values()].map(({ filename }) => filename);
        },
        { email, password },
      );
    },
    async signOut() {
      await page.evaluate(() => supabase.auth.signOut());
    },
    async refresh() {
      await page.evaluate(() => supabase.auth.refreshSession());
    },
    async shows(...names) {
      await page.waitForFunction(
        (expected) => {
          const shown = [...files.values()].map(({ filename }) => filename).sort().join();
          return shown === expected && sources.some(({ readyState }) => readyState === 1);
        },
        {},
        names.sort().join(),
      );
    },
    async settled() {
      await page.evaluate(async () => {
        for (let round = 0; round < 2; round++) {
          await supabase.auth.getSession();
          await new Promise((resolve) => setTimeout(resolve));
        }
      });
    },
    openSources: () =>
      page.evaluate(() => sources.filter(({ readyState }) => readyState !== 2).length),
  };
}

/** Runs in the page before its own scripts. */
function watch(clockMinutes: number): void {
  const { Date, EventSource } = globalThis;
  globalThis.sources = [];
  globalThis.EventSource = class extends EventSource {
    constructor(url: string | URL) {
      super(url);
      sources.push(this);
    }
  };
  const ahead = clockMinutes * 60_000;
  globalThis.Date = class extends Date {
    constructor(...parts: [number]) {
      super(...(parts.length > 0 ? parts : [Date.now() + ahead] as [number]));
    }
    static override now() {
      return Date.now() + ahead;
    }
  } as DateConstructor;
}
