// Runs all tests but those of `test:interop`: everything on the Deno that runs this, the examples in
// docstrings, and the function's own tests also on Deno 2.1.4, which Supabase's Edge Runtime is built
// on. Two lanes run at the same time, because many tests of the first wait most of their time. The
// last line adds up all runs. Arguments are passed to a single `deno test` instead: files, `--filter`
// and so on, with paths that are relative to where the user called the task.

import { fileURLToPath } from "node:url";
import { denoFromNpm, EDGE_RUNTIME_DENO, EDGE_RUNTIME_VARIABLES } from "../local/deno_from_npm.ts";
import { keepToLoopback } from "../local/keep_to_loopback.ts";
import { countResults, type Counts } from "./count_results.ts";

const CONFIG = fileURLToPath(new URL("../deno.tests.json", import.meta.url));
const FUNCTION = "supabase/functions/file-events";
/** Folders of the second lane. All others but {@linkcode INTEROP} are in the first. */
const SECOND_LANE = [
  "tests/faults",
  "tests/function",
  "tests/local",
  "tests/migrations",
  "tests/shared_sockets",
];

/** Needs programs that npm does not bring: `deno task test:interop` runs it. */
const INTEROP = "tests/interop";

interface Options {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Show the report when the run has ended, because another run shows its own meanwhile. */
  readonly showLater?: boolean;
}

/** Runs `deno test` with `args`, shows its report, and counts what it says. */
async function test(
  deno: string,
  args: string[],
  { showLater = false, ...options }: Options = {},
): Promise<Counts> {
  const report = await Deno.makeTempFile({ prefix: "file-events-", suffix: ".xml" });
  const shown = showLater ? await Deno.makeTempFile({ prefix: "file-events-" }) : undefined;
  try {
    const process = new Deno.Command(deno, {
      ...options,
      args: ["test", "--allow-all", `--junit-path=${report}`, ...args],
      stdout: shown ? "piped" : "inherit",
      stderr: shown ? "piped" : "inherit",
    }).spawn();
    if (shown) {
      await Promise.all([process.stdout, process.stderr].map((stream) => keep(stream, shown)));
    }
    const { success } = await process.status;
    if (shown) await Deno.stdout.write(await Deno.readFile(shown));
    return countResults(await Deno.readTextFile(report), success);
  } finally {
    for (const path of [report, shown]) if (path) await Deno.remove(path);
  }
}

async function keep(output: ReadableStream<Uint8Array>, path: string): Promise<void> {
  await output.pipeTo((await Deno.open(path, { append: true })).writable);
}

keepToLoopback();

async function testAll(): Promise<Counts[]> {
  const lanes = await Promise.all([firstLane(), secondLane()]);
  return lanes.flat();
}

async function firstLane(): Promise<Counts[]> {
  const ignore = `--ignore=${[...SECOND_LANE, INTEROP].join(",")}`;
  return [await test(Deno.execPath(), ["--config", CONFIG, ignore, "tests"])];
}

async function secondLane(): Promise<Counts[]> {
  const showLater = true;
  return [
    await test(Deno.execPath(), ["--config", CONFIG, ...SECOND_LANE], { showLater }),
    await test(Deno.execPath(), ["--config", CONFIG, "--doc", FUNCTION], { showLater }),
    await test(
      await denoFromNpm(EDGE_RUNTIME_DENO),
      // It can't read the newer lock file, nor the root's configuration.
      ["--no-config", "--no-lock", `--import-map=${FUNCTION}/deno.json`, "tests/function"],
      { env: EDGE_RUNTIME_VARIABLES, showLater },
    ),
  ];
}

async function testSome(args: string[]): Promise<Counts[]> {
  const cwd = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  return [await test(Deno.execPath(), ["--config", CONFIG, ...args], { cwd })];
}

const runs = await (Deno.args.length > 0 ? testSome(Deno.args) : testAll());
const passed = runs.reduce((sum, run) => sum + run.passed, 0);
const failed = runs.reduce((sum, run) => sum + run.failed, 0);
// deno-lint-ignore no-console -- the result
console.log(`\n${passed} passed, ${failed} failed`);
Deno.exit(failed > 0 ? 1 : 0);
