import { EDGE_RUNTIME_DENO } from "../../local/deno_from_npm.ts";

/** Where and how figures were measured, without the names of hosts or folders. */
export interface Provenance {
  readonly date: string;
  readonly command: string;
  readonly commit: string;
  /** Whether the work tree had no changes. */
  readonly clean: boolean;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  /** What the contenders ran on. */
  readonly deno: string;
  /** What the benchmark itself ran on. */
  readonly benchDeno: string;
  /** Of the last minute, before and after the run. */
  readonly load: readonly [start: number, end: number];
  readonly minutes: number;
}

/** Notes the start of a run. @returns A function that is to be called at its end. */
export async function observeRun(args: readonly string[]): Promise<() => Provenance> {
  const start = { at: new Date(), load: Deno.loadavg()[0]! };
  const commit = (await git("rev-parse", "--short=12", "HEAD")).trim();
  const clean = await git("status", "--porcelain") === "";
  return () => ({
    date: start.at.toISOString().slice(0, 10),
    command: ["deno task bench", ...args].join(" "),
    commit,
    clean,
    processor: /^model name\s*: (.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ??
      "unknown",
    cores: navigator.hardwareConcurrency,
    memoryGb: Math.round(Deno.systemMemoryInfo().total / 1024 ** 3),
    system: `${Deno.build.os} ${Deno.osRelease()}`,
    deno: EDGE_RUNTIME_DENO,
    benchDeno: Deno.version.deno,
    load: [start.load, Deno.loadavg()[0]!],
    minutes: Math.round((Date.now() - start.at.getTime()) / 60_000),
  });
}

async function git(...args: string[]): Promise<string> {
  const cwd = new URL(".", import.meta.url);
  const { stdout } = await new Deno.Command("git", { args, cwd, stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}

/** Where and how figures were measured, as a paragraph in Markdown. */
export function describeRun(run: Provenance): string {
  const [before, after] = run.load.map((load) => load.toFixed(1));
  return `Measured on ${run.date} in one run of ${run.minutes} minutes (\`${run.command}\`) at commit \`${run.commit}\`` +
    `${
      run.clean ? "" : " with changes that are not committed"
    }, on ${run.processor} with ${run.cores} cores ` +
    `and ${run.memoryGb} GB, ${run.system}, ` +
    `the contenders on Deno ${run.deno}, which the Edge Runtime is built on, and the benchmark itself ` +
    `on ${run.benchDeno}. ` +
    `The load average was ${before} at the start and ${after} at the end.`;
}
