/** A program that runs until it ends by itself or is disposed of, which interrupts it. */
export interface RunningCommand extends AsyncDisposable {
  /** What it has written so far. */
  output(): string;
  errors(): string;
  /** Resolves when it has ended and all that it wrote has been read. */
  readonly status: Promise<Deno.CommandStatus>;
  hasEnded(): boolean;
  kill(signal: Deno.Signal): void;
}

interface Options extends Pick<Deno.CommandOptions, "args" | "cwd" | "env"> {
  /** Called with each line of the standard output, once it is whole. */
  readonly onLine?: (line: string) => void;
}

export function startCommand(
  program: string,
  { env = {}, onLine = () => {}, ...options }: Options = {},
): RunningCommand {
  const child = new Deno.Command(program, {
    ...options,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const texts = { stdout: "", stderr: "" };
  let seen = 0;
  const passLines = () => {
    for (let end; (end = texts.stdout.indexOf("\n", seen)) >= 0; seen = end + 1) {
      onLine(texts.stdout.slice(seen, end));
    }
  };
  const read = (name: keyof typeof texts) =>
    child[name].pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write(text) {
          texts[name] += text;
          passLines();
        },
      }),
    );
  let hasEnded = false;
  const status = Promise.all([child.status, read("stdout"), read("stderr")])
    .then(([status]) => {
      hasEnded = true;
      return status;
    });
  return {
    output: () => texts.stdout,
    errors: () => texts.stderr,
    status,
    hasEnded: () => hasEnded,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (!hasEnded) child.kill("SIGINT");
      await status;
    },
  };
}
