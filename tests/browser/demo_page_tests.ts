import assert from "node:assert/strict";
import { createDemoPage } from "../../local/demo_page.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { type DemoTab, openDemoTab } from "./demo_tab.ts";
import { launchBrowser } from "../support/launch_browser.ts";

/** Opens the page, by default where the stack serves it. */
export type OpenTab = (url?: string) => Promise<DemoTab>;

export interface DemoPageTests {
  /** The embedded Supabase of these tests, once they run. */
  stack(): Stack;
  /** A test on an empty list of files, with tabs that share a browser as a person's do. */
  test(name: string, run: (openTab: OpenTab) => Promise<void>): void;
  /** Writes a file to choose; returns its path. */
  file(name: string, text: string): Promise<string>;
  /** Writes a file of `size` bytes of prose; returns its path. */
  largeFile(name: string, size: number): Promise<string>;
}

/** One stack and one browser for all tests of a file. `functionEnv`: `FILE_EVENTS_…`. */
export function demoPageTests(functionEnv: Record<string, string> = {}): DemoPageTests {
  let running: AsyncDisposableStack | undefined;
  let stack: Stack;
  let browser: Awaited<ReturnType<typeof launchBrowser>>;
  let directory: string;

  Deno.test.beforeAll(async () => {
    await using started = new AsyncDisposableStack();
    browser = started.use(await launchBrowser());
    directory = started.use(await temporaryFolder()).path;
    stack = started.use(await startStack({ page: await createDemoPage(), functionEnv }));
    running = started.move();
  });

  Deno.test.afterAll(() => running?.disposeAsync());

  return {
    stack: () => stack,
    test(name, run) {
      Deno.test(`the demo page ${name}`, async () => {
        await stack.database.execute("delete from public.files");
        const context = await browser.createBrowserContext();
        const tabs: DemoTab[] = [];
        try {
          await run(async (url = stack.url) => {
            const tab = await openDemoTab(await context.newPage(), url);
            tabs.push(tab);
            return tab;
          });
          assert.deepEqual(tabs.flatMap((tab) => tab.problems), []);
        } finally {
          stack.realtime.fault({ fault: "up" });
          await context.close();
        }
      });
    },
    async file(name, text) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
      return `${directory}/${name}`;
    },
    async largeFile(name, size) {
      const path = `${directory}/${name}`;
      const line = new TextEncoder().encode(
        "It was a dark and stormy night, and the bar moved on.\n",
      );
      const bytes = new Uint8Array(size);
      for (let start = 0; start < size; start += line.length) {
        bytes.set(line.subarray(0, size - start), start);
      }
      await Deno.writeFile(path, bytes);
      return path;
    },
  };
}
