import type { Io } from "../io.ts";
import type { CommonOptions } from "../options/parse_options.ts";
import { describePlan } from "../plan/describe_plan.ts";
import type { Plan } from "../plan/file_change.ts";
import { writeChanges } from "../plan/write_changes.ts";
import { SetupError } from "../setup_error.ts";

/**
 * Shows a plan, asks, and writes. Returns whether it has written.
 *
 * @throws {SetupError} `not-confirmed` where nobody can answer, `cancelled` if the answer is no.
 */
export async function carryOut(
  plan: Plan,
  { root, options, io }: { root: string; options: CommonOptions; io: Io },
): Promise<boolean> {
  io.print(`In ${root}:`);
  for (const line of describePlan(plan)) io.print(line);
  if (options.dryRun) {
    io.print("Nothing was written, because of --dry-run.");
    return false;
  }
  if (!options.yes) await confirm(io);
  await writeChanges(root, plan.changes);
  return true;
}

async function confirm(io: Io): Promise<void> {
  if (!io.isInteractive) {
    throw new SetupError(
      "not-confirmed",
      "Nothing was written, because nobody can be asked here: add --yes to write it, or --dry-run " +
        "to only look.",
    );
  }
  const answer = await io.ask("Write this? [y/N]");
  if (!/^y(es)?$/i.test(answer)) throw new SetupError("cancelled", "Nothing was written.");
}
