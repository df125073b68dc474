/**
 * `deno task process FILE…` processes files as a signed-in user and keeps their rows up to date.
 *
 * A worker of your own needs no more than this: `registerFile` when a file arrives, and
 * `processAndReport` when its turn comes. Who watches is none of its business.
 */
// deno-lint-ignore-file no-console -- a command talks to its user
import { basename } from "node:path";
import { keepToLoopback } from "../local/keep_to_loopback.ts";
import { localFile } from "./local_file.ts";
import { describeResults } from "./processing/describe_results.ts";
import { limitConcurrency } from "./processing/limit_concurrency.ts";
import { processAndReport } from "./processing/process_and_report.ts";
import { registerFile } from "./processing/register_file.ts";
import type { Progress } from "./processing/stage.ts";
import { signIn } from "./sign_in.ts";

const FILES_AT_ONCE = 4;

const paths = Deno.args;
if (paths.length === 0) {
  console.error("Usage: deno task process FILE…");
  Deno.exit(2);
}

keepToLoopback(); // The embedded Supabase is there.
const client = await signIn((name) => Deno.env.get(name)).catch((error) => {
  console.error(error.message);
  Deno.exit(1);
});

const interrupted = new AbortController();
const interrupt = () => interrupted.abort(new Error("stopped by Ctrl-C"));
Deno.addSignalListener("SIGINT", interrupt);

const whenFree = limitConcurrency(FILES_AT_ONCE);
const nameWidth = Math.max(...paths.map((path) => basename(path).length));

const successes = await Promise.all(paths.map(async (path) => {
  const say = (...lines: string[]) => {
    const [name, indent] = [basename(path).padEnd(nameWidth), " ".repeat(nameWidth)];
    console.log(lines.map((line, i) => `${i === 0 ? name : indent}  ${line}`).join("\n"));
  };
  let stage: string | undefined;
  const sayStage = (step: Progress) => {
    if (step.stage !== stage) {
      say(`${step.stage.padEnd(12)} ${String(step.progress).padStart(3)} %`);
    }
    stage = step.stage;
  };

  try {
    const { signal } = interrupted;
    const file = await localFile(path);
    const id = await whenFree(() => registerFile(client, file, { signal }));
    const outcome = await whenFree(() =>
      processAndReport(client, { id, file }, { signal, onStep: sayStage })
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

Deno.removeSignalListener("SIGINT", interrupt);
await client.auth.signOut({ scope: "local" });
Deno.exitCode = successes.every(Boolean) ? 0 : 1;
