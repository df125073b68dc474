import functionConfig from "../supabase/functions/file-events/deno.json" with { type: "json" };
import { lines } from "../local/lines.ts";

export interface FunctionVariant extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** The function with its pool, or with a socket for each channel in the pool's place. */
export type Pooling = "pooled" | "one client per stream";

const root = new URL("../", import.meta.url);

/**
 * Starts the function as `local/` does, in a process of its own, and in the second variant with one
 * of its modules replaced.
 */
export async function startFunctionVariant(
  pooling: Pooling,
  environment: Record<string, string>,
): Promise<FunctionVariant> {
  const importMap = await Deno.makeTempFile({ prefix: "file-events-", suffix: ".json" });
  const pool = new URL("supabase/functions/file-events/realtime/socket_pool.ts", root).href;
  const replaced = pooling === "pooled"
    ? {}
    : { [pool]: new URL("bench/socket_per_channel_pool.ts", root).href };
  const imports = { ...functionConfig.imports, ...replaced };
  await Deno.writeTextFile(importMap, JSON.stringify({ imports }));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-lock",
      "--allow-net",
      "--allow-env",
      `--import-map=${importMap}`,
      new URL("local/function_main.ts", root).href,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(JSON.stringify(environment) + "\n"));
  const output = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(lines());
  const listening = Promise.withResolvers<string>();
  const reading = (async () => {
    for await (const line of output) {
      const port = /^listening on port (\d+)$/.exec(line)?.[1];
      if (port) listening.resolve(`http://127.0.0.1:${port}/file-events`);
    }
    listening.reject(new Error("The function ended"));
  })();
  const url = await listening.promise;
  return {
    url,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      await input.close();
      await child.status;
      await reading;
      await Deno.remove(importMap);
    },
  };
}
