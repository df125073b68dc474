import { type Stack, startStack } from "../../local/stack.ts";
import { launchBrowser } from "../support/launch_browser.ts";
import { type InstalledExamples, installExamples } from "./installed_examples.ts";
import { newerNode } from "./newer_node.ts";

/** What all tests of examples share. */
export interface Setting extends AsyncDisposable {
  readonly stack: Stack;
  readonly browser: Awaited<ReturnType<typeof launchBrowser>>;
  readonly examples: InstalledExamples;
  /** A Node that runs supabase-js. */
  readonly node: string;
}

export async function createSetting(): Promise<Setting> {
  await using resources = new AsyncDisposableStack();
  const examples = resources.use(
    await installExamples("react", "svelte", "page", "node", "backend"),
  );
  const node = await newerNode(examples.path("node"));
  const stack = resources.use(await startStack());
  const browser = resources.use(await launchBrowser());
  const kept = resources.move();
  return { stack, browser, examples, node, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
