import chromium from "@sparticuz/chromium";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Browser, launch } from "puppeteer-core";

/** Nothing of the network but the page under test, and no sandbox: a container has none to offer. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--font-render-hinting=none",
];

/**
 * Starts a headless Chromium: the one that `CHROME_PATH` names, else the one that comes through
 * npm, which runs on linux-x64 only.
 */
export async function launchBrowser(): Promise<Browser & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), "file-events-chromium-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const browser = await launch({
      executablePath: process.env.CHROME_PATH || await unpackChromium(directory),
      args: ARGUMENTS,
      headless: "shell",
      userDataDir: join(directory, "profile"),
      env: { ...process.env, TMPDIR: directory },
    });
    const close = browser.close.bind(browser);
    return Object.assign(browser, {
      [Symbol.asyncDispose]: async () => {
        await close();
        await remove();
      },
    });
  } catch (cause) {
    await remove();
    const reason = cause instanceof Error ? cause.message : cause;
    throw new Error(`Cannot start Chromium (set CHROME_PATH to an installed Chrome): ${reason}`);
  }
}

/** The package unpacks to the temporary directory under a fixed name: a private one avoids others' copies. */
async function unpackChromium(directory: string): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(`npm brings no Chromium for ${process.platform}-${process.arch}`);
  }
  const before = process.env.TMPDIR;
  process.env.TMPDIR = directory;
  try {
    return await chromium.executablePath();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
