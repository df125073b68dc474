import process from "node:process";
import { createInterface } from "node:readline/promises";
import type { Io } from "./io.ts";
import { SetupError } from "./setup_error.ts";

/** The {@link Io} of this process. `cwd` is the folder that the command was called in. */
export function processIo(cwd: string): Io {
  // Who reads may leave, as `head` does. A command goes on: the doctor has a row to delete.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const isInteractive = process.stdin.isTTY === true && process.stdout.isTTY === true;
  return {
    cwd,
    env: process.env,
    isInteractive,
    print: (line) => void process.stdout.write(`${line}\n`),
    printError: (line) => void process.stderr.write(`${line}\n`),
    async ask(question) {
      if (!isInteractive) {
        throw new SetupError("no-terminal", "Nobody can answer here: say it with flags.");
      }
      const terminal = createInterface({ input: process.stdin, output: process.stdout });
      try {
        return await new Promise<string>((resolve, reject) => {
          // Ctrl-D, or Ctrl-C. Without this the promise would stay pending and the process end.
          terminal.once("close", () => reject(new SetupError("cancelled", "Nothing was changed.")));
          terminal.question(`${question} `).then((answer) => resolve(answer.trim()), reject);
        });
      } finally {
        terminal.close();
      }
    },
  };
}
