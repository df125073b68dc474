import chromium from "@sparticuz/chromium";
import { type Browser, launch } from "puppeteer-core";
import { temporaryFolder } from "./temporary_folder.ts";

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
export async function launchBrowser(args: string[] = []): Promise<Browser & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder());
  try {
    const browser = await launch({
      executablePath: Deno.env.get("CHROME_PATH") || await unpackChromium(path),
      args: [...ARGUMENTS, ...args],
      headless: "shell",
      userDataDir: `${path}/profile`,
      env: { ...Deno.env.toObject(), TMPDIR: path },
    });
    stack.defer(browser.close.bind(browser));
    const resources = stack.move();
    return Object.assign(browser, { [Symbol.asyncDispose]: () => resources.disposeAsync() });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause;
    throw new Error(`Cannot start Chromium (set CHROME_PATH to an installed Chrome): ${reason}`);
  }
}

/** The package unpacks to the temporary directory under a fixed name: a private one avoids others' copies. */
async function unpackChromium(directory: string): Promise<string> {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    throw new Error(`npm brings no Chromium for ${Deno.build.target}`);
  }
  const before = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", directory);
  try {
    return await chromium.executablePath();
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
  }
}
