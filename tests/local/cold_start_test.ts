import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "../../local/free_port.ts";
import { startCommand } from "../support/start_command.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { until } from "../support/until.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The most that a first start may put into Deno's cache, in MB. */
const MAX_CACHE_SIZE = 180;

/** How much that is by the README, and how far it may be from the truth, in MB. */
const README_CACHE_SIZE = Number(
  (await Deno.readTextFile(`${ROOT}README.md`)).match(/take (\d+) MB of disk/)?.[1],
);
const README_TOLERANCE = 10;

const STARTS = 2;

/** Two bundlers that install themselves at once fail in about every second attempt. */
const BUNDLER_INSTALLATIONS = 10;

/** More than any machine and any registry should need. */
const START_TIMEOUT_MS = 180_000;

/** The lines on standard error that a newcomer need not read: the task's name, and downloads. */
const USUAL_LINE = /^(Task dev |Download https:|Initialize |$)/;

for (let start = 1; start <= STARTS; start++) {
  Deno.test(`deno task dev starts from empty caches, without a warning (${start})`, async () => {
    const lock = await Deno.readTextFile(`${ROOT}deno.lock`);
    await using cache = await temporaryFolder();
    await using dev = startDev(cache.path);
    await until(
      () => dev.hasEnded() || dev.output().includes("Ctrl-C"),
      "greeting",
      START_TIMEOUT_MS,
    );
    assert.match(dev.output(), /Ctrl-C stops it/, dev.errors());
    await dev[Symbol.asyncDispose]();
    const unusual = dev.errors().split("\n").filter((line) => !USUAL_LINE.test(line));
    assert.deepEqual(unusual, [], "lines on standard error");
    assert.doesNotMatch(dev.output(), /warn|ignored|deprecated/i);
    const size = Math.round(await sizeOf(cache.path) / 1e6);
    assert.ok(size <= MAX_CACHE_SIZE, `${size} MB in the cache`);
    assert.ok(
      Math.abs(size - README_CACHE_SIZE) <= README_TOLERANCE,
      `${size} MB in the cache, ${README_CACHE_SIZE} in the README`,
    );
    assert.equal(
      await Deno.readTextFile(`${ROOT}deno.lock`),
      lock,
      "deno.lock names all that was downloaded",
    );
  });
}

Deno.test("createDemoPage() bundles while the bundler is not installed yet", async () => {
  await using cache = await temporaryFolder();
  for (let attempt = 0; attempt <= BUNDLER_INSTALLATIONS; attempt++) {
    // The first attempt fills the cache. The others find all in it but the bundler.
    if (attempt > 0) await Deno.remove(`${cache.path}/dl`, { recursive: true });
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", `await (await import("./local/demo_page.ts")).createDemoPage();`],
      cwd: ROOT,
      env: { DENO_DIR: cache.path },
      signal: AbortSignal.timeout(START_TIMEOUT_MS),
    }).output();
    assert.ok(success, `attempt ${attempt}: ${new TextDecoder().decode(stderr)}`);
  }
});

/** Runs the README's first command with an empty cache. */
function startDev(cache: string) {
  return startCommand(Deno.execPath(), {
    args: ["task", "dev"],
    cwd: ROOT,
    env: { DENO_DIR: cache, PORT: String(freePort()) },
  });
}

/** In bytes, without what the file system adds. */
async function sizeOf(folder: string): Promise<number> {
  let size = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    size += isDirectory ? await sizeOf(path) : (await Deno.lstat(path)).size;
  }
  return size;
}
