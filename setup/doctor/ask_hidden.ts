import process from "node:process";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { SetupError } from "../setup_error.ts";

/**
 * Asks on the terminal without showing what is typed.
 *
 * @throws {SetupError} `cancelled` if the input ends.
 */
export function askHidden(question: string): Promise<string> {
  process.stderr.write(`${question} `);
  // readline echoes to this and not to the terminal.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  return new Promise<string>((resolve, reject) => {
    terminal.once("line", resolve);
    terminal.once("close", () => reject(new SetupError("cancelled", "Nothing was changed.")));
  }).finally(() => {
    terminal.close();
    process.stderr.write("\n");
  });
}
