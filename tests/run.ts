// Runs all tests: everything on the Deno that runs this, the examples in docstrings, and the
// function's own tests also on Deno 2.1.4, which Supabase's Edge Runtime is built on. The last line
// adds up all runs.

const EDGE_RUNTIME_DENO = "2.1.4";
const FUNCTION = "supabase/functions/file-events";

const DENO_PACKAGES: Record<string, string> = {
  "linux-x86_64": "linux-x64-glibc",
  "linux-aarch64": "linux-arm64-glibc",
  "darwin-x86_64": "darwin-x64",
  "darwin-aarch64": "darwin-arm64",
  "windows-x86_64": "win32-x64",
};

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** Runs `deno test` with `args` and counts what its report says. */
async function test(deno: string, args: string[], env: Record<string, string> = {}) {
  const report = await Deno.makeTempFile({ prefix: "file-events-tests-", suffix: ".xml" });
  try {
    const { success } = await new Deno.Command(deno, {
      args: ["test", "--allow-all", "--trace-leaks", `--junit-path=${report}`, ...args],
      env,
    }).spawn().status;
    return count(await Deno.readTextFile(report), success);
  } finally {
    await Deno.remove(report);
  }
}

function count(junit: string, success: boolean): Counts {
  const summary = junit.match(/<testsuites [^>]*>/)?.[0] ?? "";
  const read = (name: string) => Number(summary.match(new RegExp(` ${name}="(\\d+)"`))?.[1] ?? 0);
  const failed = read("failures") + read("errors");
  // A run that ends before it has tested anything, such as one that fails type check, has failed.
  return success || failed > 0
    ? { passed: read("tests") - failed, failed }
    : { passed: read("tests"), failed: 1 };
}

/** The binary of a Deno from its npm package. */
async function denoFromNpm(version: string): Promise<string> {
  const { os, arch } = Deno.build;
  const platform = DENO_PACKAGES[`${os}-${arch}`];
  if (!platform) throw new Error(`Cannot run Deno ${version} on ${os}-${arch}`);
  const manifest = `npm:@deno/${platform}@${version}/package.json`;
  // Importing it is what downloads the package.
  await import(manifest, { with: { type: "json" } });
  const file = os === "windows" ? "deno.exe" : "deno";
  return new URL(file, import.meta.resolve(manifest)).pathname;
}

const runs = [
  await test(Deno.execPath(), ["tests"]),
  await test(Deno.execPath(), ["--doc", FUNCTION]),
  await test(
    await denoFromNpm(EDGE_RUNTIME_DENO),
    // It can't read the newer lock file, nor the root's configuration.
    ["--no-config", "--no-lock", `--import-map=${FUNCTION}/deno.json`, "tests/function"],
    { DENO_TLS_CA_STORE: "system,mozilla" },
  ),
];
const passed = runs.reduce((sum, run) => sum + run.passed, 0);
const failed = runs.reduce((sum, run) => sum + run.failed, 0);
// deno-lint-ignore no-console -- the result
console.log(`\n${passed} passed, ${failed} failed`);
Deno.exit(failed > 0 ? 1 : 0);
