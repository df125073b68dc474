import { type Stack, startStack } from "../../local/stack.ts";
import { browserTests } from "./browser_tests.ts";
import { type InstalledExamples, installExamples } from "./installed_examples.ts";

let running: AsyncDisposableStack | undefined;
let stack: Stack;
let examples: InstalledExamples;

Deno.test.beforeAll(async () => {
  await using started = new AsyncDisposableStack();
  examples = started.use(await installExamples("react", "svelte", "page", "node", "backend"));
  stack = started.use(await startStack());
  running = started.move();
});
Deno.test.afterAll(() => running?.disposeAsync());

browserTests(() => stack, () => examples);
