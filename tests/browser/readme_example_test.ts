/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "puppeteer-core";
import type { FileEvents } from "../../client/file_events.ts";
import { demoUsers } from "../../local/demo_users.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { launchBrowser } from "../support/launch_browser.ts";
import { bundleExample, readExample } from "./bundle_example.ts";
import { type ExampleServer, startExampleServer } from "./example_server.ts";

/** What the example makes global, and what the tests below add. */
interface Window {
  files: FileEvents;
  supabase: import("@supabase/supabase-js").SupabaseClient;
  /** How often a subscriber was told. */
  told: number;
  isHidden: boolean;
}
declare const window: Window;

const example = await readExample("README.md", "In a browser");

Deno.test("the README's example has at most ten lines", () => {
  assert.ok(example.trimEnd().split("\n").length <= 10);
});

interface Stage {
  readonly stack: Stack;
  readonly server: ExampleServer;
  readonly page: Page;
  /** What the page has written to its console. */
  readonly console: string[];
}

Deno.test("the README's example, as it stands", async (t) => {
  const script = await bundleExample(example);
  await using stack = await startStack();
  await stack.database.execute(
    `insert into public.files (user_id, filename, file_type)
    select id, split_part(email, '@', 1) || '.txt', 'text/plain' from auth.users`,
  );
  await using browser = await launchBrowser();
  for (const [name, run] of Object.entries(behaviours)) {
    await t.step(name, async () => {
      await using server = startExampleServer(stack, script);
      const context = await browser.createBrowserContext();
      try {
        const page = await context.newPage();
        const console: string[] = [];
        page.on("console", (message) => void console.push(message.text()));
        await run({ stack, server, page, console });
      } finally {
        await context.close();
      }
    });
  }
});

const behaviours: Record<string, (stage: Stage) => Promise<void>> = {
  async "shows the user's files, and each change"({ stack, server, page, console }) {
    await page.goto(server.url);
    await signIn(page, "ada");
    await shows(page, "ada.txt");
    assert.ok(console.some((line) => line.includes("live")), `${console}`);
    await stack.database.execute(
      "update public.files set status = 'processing', progress = 40 where filename = 'ada.txt'",
    );
    await page.waitForFunction(() => window.files.value[0]?.progress === 40);
    assert.equal(server.streams.length, 1);
    assert.doesNotMatch(server.streams[0]!.href, /token/);
  },

  async "never shows one user's files to the next"({ server, page }) {
    await page.goto(server.url);
    await signIn(page, "ada");
    await shows(page, "ada.txt");
    await page.evaluate(async () => {
      await window.supabase.auth.signOut();
      if (window.files.value.length > 0) throw new Error("files after the sign-out");
    });
    await page.waitForFunction(() => window.files.connection.value.state === "signed-out");
    await signIn(page, "grace");
    await shows(page, "grace.txt");
    await page.evaluate(async (credentials) => {
      await window.supabase.auth.signInWithPassword(credentials);
      if (window.files.value.some(({ filename }) => filename === "grace.txt")) {
        throw new Error("Grace's file after Ada's sign-in");
      }
    }, demoUsers[0]!);
    await shows(page, "ada.txt");
  },

  async "has one stream, however often its session is reported"({ server, page }) {
    await page.goto(server.url);
    await signIn(page, "ada");
    await page.reload();
    await shows(page, "ada.txt");
    const before = server.streams.length;
    await page.evaluate(async () => {
      for (let refresh = 0; refresh < 3; refresh++) await window.supabase.auth.refreshSession();
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      await window.supabase.auth.getSession();
    });
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    assert.equal(server.streams.length, before);
  },

  async "comes back after an outage, and refreshes a refused token once"({ server, page }) {
    await page.goto(server.url);
    server.answerNext(502, 503, 401);
    await signIn(page, "ada");
    await shows(page, "ada.txt");
    assert.deepEqual([server.streams.length, server.refreshes()], [4, 1]);
  },

  async "is told of changes in a tab that nobody sees, which gets no frames"(
    { stack, server, page },
  ) {
    await page.evaluateOnNewDocument(() => {
      Object.defineProperty(document, "hidden", { get: () => window.isHidden ?? false });
      const { requestAnimationFrame } = globalThis;
      globalThis.requestAnimationFrame = (run) => window.isHidden ? 0 : requestAnimationFrame(run);
    });
    await page.goto(server.url);
    await signIn(page, "ada");
    await shows(page, "ada.txt");
    const [{ id } = { id: "" }] = await stack.database.query<{ id: string }>(
      "select id from public.files where filename = 'ada.txt'",
    );
    const done = page.evaluate(async (id) => {
      window.isHidden = true;
      window.told = 0;
      window.files.subscribe(() => void window.told++);
      const { status } = await window.files.done(id);
      return { status, told: window.told };
    }, id);
    await stack.database.execute(
      "update public.files set status = 'ready' where filename = 'ada.txt'",
    );
    assert.deepEqual(await done, { status: "ready", told: 2 });
    await stack.database.execute(
      "update public.files set status = 'pending' where filename = 'ada.txt'",
    );
  },

  async "works where a page may store nothing"({ server, page }) {
    await page.evaluateOnNewDocument(() => {
      for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
        Object.defineProperty(globalThis, name, {
          get: () => {
            throw new DOMException("Access is denied", "SecurityError");
          },
        });
      }
    });
    await page.goto(server.url);
    await signIn(page, "ada");
    await shows(page, "ada.txt");
  },
};

async function signIn(page: Page, user: "ada" | "grace"): Promise<void> {
  const credentials = demoUsers.find(({ email }) => email.startsWith(user))!;
  await page.evaluate(async ({ email, password }) => {
    const { error } = await window.supabase.auth.signInWithPassword({ email, password });
    if (error) throw error;
  }, credentials);
}

/** Waits until the list is live and holds exactly this file. */
async function shows(page: Page, name: string): Promise<void> {
  await page.waitForFunction(
    (name) => {
      const { value, connection } = window.files;
      return connection.value.state === "live" &&
        value.map((file) => file.filename).join() === name;
    },
    {},
    name,
  );
}
