import assert from "node:assert/strict";

/** More than any program needs here on a slow machine with a slow registry. */
const LONGEST_MS = 120_000;

/** What a program writes. Fails with all that it said if it fails or doesn't end. */
export async function execute(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(LONGEST_MS),
  }).output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, `${command} ${args.join(" ")}\n${output}\n${errors}`);
  return output!;
}
