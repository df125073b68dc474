// Runs all tests: everything on the Deno that runs this, the examples in docstrings, and the
// function's own tests also on Deno 2.1.4, which Supabase's Edge Runtime is built on. The last line
// adds up all runs. Arguments are passed to a single `deno test` instead: files, `--filter` and so
// on, with paths that are relative to where the user called the task.

import { fileURLToPath } from "node:url";
import { denoFromNpm, EDGE_RUNTIME_DENO, EDGE_RUNTIME_VARIABLES } from "../local/deno_from_npm.ts";
import { keepToLoopback } from "../local/keep_to_loopback.ts";
import { countResults, type Counts } from "./count_results.ts";

const CONFIG = fileURLToPath(new URL("../deno.tests.json", import.meta.url));
const FUNCTION = "supabase/functions/file-events";

/** Runs `deno test` with `args`, shows its report, and counts what it says. */
async function test(
  deno: string,
  args: string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<Counts> {
  const report = await Deno.makeTempFile({ prefix: "file-events-", suffix: ".xml" });
  try {
    const { success } = await new Deno.Command(deno, {
      ...options,
      args: ["test", "--allow-all", "--trace-leaks", `--junit-path=${report}`, ...args],
    }).spawn().status;
    return countResults(await Deno.readTextFile(report), success);
  } finally {
    await Deno.remove(report);
  }
}

keepToLoopback();

async function testAll(): Promise<Counts[]> {
  return [
    await test(Deno.execPath(), ["--config", CONFIG, "tests"]),
    await test(Deno.execPath(), ["--config", CONFIG, "--doc", FUNCTION]),
    await test(
      await denoFromNpm(EDGE_RUNTIME_DENO),
      // It can't read the newer lock file, nor the root's configuration.
      ["--no-config", "--no-lock", `--import-map=${FUNCTION}/deno.json`, "tests/function"],
      { env: EDGE_RUNTIME_VARIABLES },
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
