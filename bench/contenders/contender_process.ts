import {
  denoFromNpm,
  EDGE_RUNTIME_DENO,
  EDGE_RUNTIME_VARIABLES,
} from "../../local/deno_from_npm.ts";
import { lines } from "../../local/lines.ts";

export interface Memory {
  /** Bytes. */
  readonly rss: number;
  /** Bytes of V8's heap, after garbage collection. */
  readonly heapUsed: number;
}

export interface ContenderProcess extends AsyncDisposable {
  readonly pid: number;
  /** Where it serves HTTP, or `null` if it does not. */
  readonly port: number | null;
  call<Result>(command: string, parameter?: unknown): Promise<Result>;
  /** After garbage collection. */
  memory(): Promise<Memory>;
}

const main = new URL("./contender_main.ts", import.meta.url).href;
const BENCH_CONFIG = new URL("../../deno.tests.json", import.meta.url);
const FUNCTION_CONFIG = new URL("../../supabase/functions/file-events/deno.json", import.meta.url);

/**
 * Starts a module of a contender in a process that has this environment and no other variables. It
 * runs on the Deno that the Edge Runtime is built on, as on the platform.
 */
export async function startContenderProcess(
  module: string,
  environment: Record<string, string>,
): Promise<ContenderProcess> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port: controlPort } = listener.addr;
  const child = new Deno.Command(await denoFromNpm(EDGE_RUNTIME_DENO), {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--allow-net",
      "--allow-env",
      "--allow-sys",
      "--allow-read",
      "--v8-flags=--expose-gc",
      "--no-config",
      `--import-map=${await createImportMap()}`,
      main,
      module,
      String(controlPort),
    ],
    clearEnv: true,
    env: { ...cacheVariables(), ...EDGE_RUNTIME_VARIABLES, ...environment },
    stdin: "null",
    stdout: "null",
    stderr: Deno.env.has("BENCH_VERBOSE") ? "inherit" : "null",
  }).spawn();
  const connection = await Promise.race([
    listener.accept(),
    child.status.then(({ code }) => {
      throw new Error(`${module} ended with code ${code}; BENCH_VERBOSE=1 shows its output`);
    }),
  ]);
  const writer = connection.writable.getWriter();
  const answers = connection.readable.pipeThrough(new TextDecoderStream()).pipeThrough(lines())
    .getReader();
  const answer = async () => {
    const { value, done } = await answers.read();
    if (done) throw new Error(`${module} ended; BENCH_VERBOSE=1 shows its output`);
    return JSON.parse(value);
  };
  const { port } = await answer();
  let last: Promise<unknown> = Promise.resolve();
  const call = <Result>(command: string, parameter?: unknown) => {
    const message = JSON.stringify({ command, parameter }) + "\n";
    const result = last.then(async () => {
      await writer.write(new TextEncoder().encode(message));
      return (await answer()).result as Result;
    });
    last = result.catch(() => {});
    return result;
  };
  return {
    pid: child.pid,
    port,
    call,
    memory: () => call<Memory>("memory"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await writer.close().catch(() => {});
      await answers.cancel().catch(() => {});
    },
  };
}

/** The packages that contenders import. Their Deno can't read the configuration of this one. */
async function createImportMap(): Promise<string> {
  const [ofBench, ofFunction] = await Promise.all(
    [BENCH_CONFIG, FUNCTION_CONFIG].map(async (config): Promise<Record<string, string>> => {
      const { imports } = JSON.parse(await Deno.readTextFile(config));
      for (const [name, target] of Object.entries<string>(imports)) {
        if (target.startsWith("./")) imports[name] = new URL(target, config).href;
      }
      return imports;
    }),
  );
  const imports = { ...ofBench, ...ofFunction };
  return `data:application/json,${encodeURIComponent(JSON.stringify({ imports }))}`;
}

/** What Deno needs to find its cache. */
function cacheVariables(): Record<string, string> {
  const variables = ["HOME", "DENO_DIR", "XDG_CACHE_HOME"].map((
    name,
  ) => [name, Deno.env.get(name)]);
  return Object.fromEntries(variables.filter(([, value]) => value !== undefined));
}
