import assert from "node:assert/strict";
import { everyTestRuns } from "../../lint/every_test_runs.ts";
import { runRule } from "./run_rule.ts";

const FORBIDDEN = [
  "Deno.test.ignore('it works', () => {});",
  "Deno.test.only('it works', () => {});",
  "Deno.test.skip('it works', () => {});",
  "Deno.test({ name: 'it works', ignore: true, fn() {} });",
  "Deno.test('it works', { only: true }, () => {});",
  "Deno.test('it works', { 'ignore': true }, () => {});",
  "Deno.test('it works', (t) => t.step({ name: 'part', ignore: isSlow, fn() {} }));",
];

const ALLOWED = [
  "Deno.test('it works', () => {});",
  "Deno.test({ name: 'it works', sanitizeOps: false, fn() {} });",
  "Deno.test('it works', (t) => t.step('part', () => run({ ignore: true })));",
  "watcher.ignore(file); options.only = true; run({ only: 1 });",
];

for (const source of FORBIDDEN) {
  Deno.test(`every-test-runs forbids ${source}`, () => {
    const [message, ...others] = runRule(everyTestRuns, "tests/demo/delay_test.ts", source);
    assert.match(message ?? "", /always runs/);
    assert.deepEqual(others, []);
  });
}

for (const source of ALLOWED) {
  Deno.test(`every-test-runs allows ${source}`, () => {
    assert.deepEqual(runRule(everyTestRuns, "tests/demo/delay_test.ts", source), []);
  });
}
