export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Counts the tests and steps of a run.
 *
 * @param report What `deno test --junit-path` has written; empty if the run was killed.
 * @param success Whether `deno test` said so.
 */
export function countResults(report: string, success: boolean): Counts {
  let [passed, failed] = [0, 0];
  // The report escapes `<` and `>` in names and messages.
  for (const [, attributes, result] of report.matchAll(/<testcase ([^>]*)>\s*<(\/?\w+)/g)) {
    // A test that is skipped has not passed. One that `--filter` left out has no time.
    const isLeftOut = result === "skipped" && !attributes!.includes(` time="`);
    if (result === "/testcase") passed++;
    else if (!isLeftOut) failed++;
  }
  // A module that throws has no test in the report; and a run without any test proves nothing.
  if (failed === 0 && (!success || passed === 0)) failed = 1;
  return { passed, failed };
}
