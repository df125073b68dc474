import { fileURLToPath } from "node:url";
import { startCommand } from "../../support/start_command.ts";
import type { Connection } from "../client.ts";

/**
 * Runs a file of `programs`, which follows the stream at the URL that is its argument, and prints the
 * data of each event on a line.
 */
export function runProgram(
  [interpreter, ...options]: readonly [string, ...string[]],
  file: string,
  { url, token, certificate = "", receive }: Connection,
): AsyncDisposable {
  return startCommand(interpreter, {
    args: [...options, fileURLToPath(new URL(`../programs/${file}`, import.meta.url)), url],
    env: { ACCESS_TOKEN: token, CERTIFICATE: certificate },
    onLine: receive,
  });
}
