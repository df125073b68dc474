/** Writes a line of a benchmark's results. */
export function print(line: string): void {
  // deno-lint-ignore no-console -- a script, whose output this is
  console.log(line);
}
