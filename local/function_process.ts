import { lines } from "./lines.ts";

/** The function in its own process, restarted when it crashes. */
export interface FunctionProcess {
  /** Where it listens, or undefined while it does not run. */
  url(): string | undefined;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** Starts the function and waits until it listens; throws when it ends before that. */
export async function startFunction(
  environment: Record<string, string>,
  { log }: { log: (line: string) => void },
): Promise<FunctionProcess> {
  let stopping = false;
  let url: string | undefined;
  let child: Deno.ChildProcess;
  let writer: WritableStreamDefaultWriter<Uint8Array>;
  let wake = () => {};

  async function spawn(): Promise<void> {
    child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--allow-net",
        "--allow-env",
        new URL("./function_main.ts", import.meta.url).href,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(environment) + "\n"));
  }

  /** Resolves when the process has ended. */
  async function follow(onListening: () => void): Promise<Deno.CommandStatus> {
    const onLine = (line: string) => {
      const port = /^listening on port (\d+)$/.exec(line)?.[1];
      if (!port) return log(line);
      url = `http://127.0.0.1:${port}`;
      onListening();
    };
    const outputs = [child.stdout, child.stderr].map((output) =>
      output.pipeThrough(new TextDecoderStream()).pipeThrough(lines())
        .pipeTo(new WritableStream({ write: onLine }))
    );
    const [status] = await Promise.all([child.status, ...outputs]);
    url = undefined;
    await writer.close().catch(() => {}); // `stop` may have closed it.
    return status;
  }

  async function supervise(ended: Promise<Deno.CommandStatus>): Promise<void> {
    for (let delay = 250; !stopping; delay = Math.min(delay * 2, 10_000)) {
      const { code, signal } = await ended;
      if (stopping) return;
      log(`The function ended (${signal ?? `exit code ${code}`}); starting it again`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, delay);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (stopping) return;
      await spawn();
      ended = follow(() => delay = 125);
    }
  }

  await spawn();
  const listening = Promise.withResolvers<void>();
  const ended = follow(listening.resolve);
  await Promise.race([
    listening.promise,
    ended.then(({ code }) => {
      throw new Error(`The function ended at its start (exit code ${code}); see its output above`);
    }),
  ]);
  const supervised = supervise(ended);

  return {
    url: () => url,
    get pid() {
      return url === undefined ? undefined : child.pid;
    },
    async stop() {
      stopping = true;
      wake();
      const kill = setTimeout(() => child.kill("SIGKILL"), 3_000);
      await writer.close().catch(() => {}); // It may have ended already.
      await supervised;
      clearTimeout(kill);
    },
  };
}
