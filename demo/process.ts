/**
 * `deno task process FILE…` processes files as a signed-in user and keeps their rows up to date.
 *
 * A worker of your own needs no more than this: `registerFile` when a file arrives, and
 * `processAndReport` when its turn comes. Who watches is none of its business.
 */
// deno-lint-ignore-file no-console -- a command talks to its user
import { basename, resolve } from "node:path";
import { keepToLoopback } from "../local/keep_to_loopback.ts";
import { localFile } from "./local_file.ts";
import { describeResults } from "./processing/describe_results.ts";
import { limitConcurrency } from "./processing/limit_concurrency.ts";
import { processAndReport } from "./processing/process_and_report.ts";
import { registerFile } from "./processing/register_file.ts";
import type { Progress } from "./processing/stage.ts";
import { signIn } from "./sign_in.ts";
import { visibleText } from "./visible_text.ts";

const FILES_AT_ONCE = 4;

/** A terminal's Ctrl-C arrives twice under `deno task`: within this time it is the same one. */
const SAME_SIGNAL_MS = 500;

/** `deno task` runs in the project's folder; where the user is, is in `INIT_CWD`. */
const userDirectory = Deno.env.get("INIT_CWD") ?? Deno.cwd();
const paths = Deno.args.map((path) => resolve(userDirectory, path));
if (paths.length === 0) {
  console.error("Usage: deno task process FILE…");
  Deno.exit(2);
}

keepToLoopback(); // The embedded Supabase is there.
const client = await signIn((name) => Deno.env.get(name)).catch((error) => {
  console.error(error.message);
  Deno.exit(1);
});

const stopped = new AbortController();
let stoppedAt = -Infinity;
const stop = () => {
  const now = performance.now();
  if (!stopped.signal.aborted) {
    stoppedAt = now;
    stopped.abort(new Error("stopped"));
  } else if (now - stoppedAt > SAME_SIGNAL_MS) {
    console.error("Stopped before the database could be told: files may stay in progress.");
    Deno.exit(1);
  }
};
// SIGTERM ends a service or a container, SIGHUP comes when the terminal is closed.
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
for (const signal of SIGNALS) Deno.addSignalListener(signal, stop);

const whenFree = limitConcurrency(FILES_AT_ONCE);
const nameOf = (path: string) => visibleText(basename(path));
const nameWidth = Math.max(...paths.map((path) => nameOf(path).length));

const successes = await Promise.all(paths.map(async (path) => {
  const say = (...lines: string[]) => {
    const [name, indent] = [nameOf(path).padEnd(nameWidth), " ".repeat(nameWidth)];
    const text = lines.map((line, i) => `${i === 0 ? name : indent}  ${visibleText(line)}`);
    try {
      console.log(text.join("\n"));
    } catch {
      // Nobody reads the output any more; the rows matter all the same.
    }
  };
  let waits = false;
  const sayWait = (reason: string) => {
    if (!waits) say(`waits: ${reason}`);
    waits = true;
  };
  let stage: string | undefined;
  const sayStage = (step: Progress) => {
    waits = false;
    if (step.stage !== stage) {
      say(`${step.stage.padEnd(12)} ${String(step.progress).padStart(3)} %`);
    }
    stage = step.stage;
  };

  try {
    const options = { signal: stopped.signal, onRetry: sayWait };
    const file = await localFile(path);
    const id = await whenFree(() => registerFile(client, file, options));
    const outcome = await whenFree(() =>
      processAndReport(client, { id, file }, { ...options, onStep: sayStage })
    );
    if (outcome.status === "ready") {
      const findings = describeResults(outcome.results);
      say("ready        100 %", ...findings.map(([term, phrase]) => `${term.padEnd(8)} ${phrase}`));
    }
    if (outcome.status === "failed") say(`failed: ${outcome.error}`);
    if (outcome.status === "withdrawn") say("deleted or ended by somebody else: stopped");
    return outcome.status === "ready";
  } catch (error) {
    say(`failed: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}));

for (const signal of SIGNALS) Deno.removeSignalListener(signal, stop);
await client.auth.signOut({ scope: "local" });
Deno.exitCode = successes.every(Boolean) ? 0 : 1;
