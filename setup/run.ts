import { add } from "./commands/add.ts";
import { check } from "./commands/check.ts";
import { doctor } from "./commands/doctor.ts";
import { remove } from "./commands/remove.ts";
import { upgrade } from "./commands/upgrade.ts";
import { HELP } from "./help.ts";
import type { Io } from "./io.ts";
import { SetupError } from "./setup_error.ts";
import { VERSION } from "./version.ts";

/** A command: its arguments without its own name. Returns the exit code. */
type Command = (args: string[], io: Io) => Promise<number>;

const COMMANDS = new Map<string, Command>([
  ["add", add],
  ["upgrade", upgrade],
  ["remove", remove],
  ["check", check],
  ["doctor", doctor],
]);

/** Runs the command that `args` begin with. Returns the exit code; a refusal is printed. */
export async function run(args: string[], io: Io): Promise<number> {
  const [name = "help", ...rest] = args;
  try {
    if (name === "--version") {
      io.print(VERSION);
      return 0;
    }
    if (["help", "--help", "-h"].includes(name) || rest.includes("--help") || rest.includes("-h")) {
      for (const line of HELP) io.print(line);
      return 0;
    }
    const command = COMMANDS.get(name);
    if (!command) {
      const names = [...COMMANDS.keys()].join(", ");
      // What stands there by mistake can be a URL, with its password.
      const which = /^[a-z-]{1,20}$/i.test(name) ? `no command "${name}"` : "no such command";
      throw new SetupError("unknown-command", `There is ${which}, only: ${names}.`);
    }
    return await command(rest, io);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    io.printError(`${error.message} (${error.code})`);
    return 1;
  }
}
