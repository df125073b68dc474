/** The messages of one rule on a file with this path and source. */
export function runRule(rule: Deno.lint.Rule, path: string, source: string): string[] {
  const plugin = { name: "house", rules: { rule } };
  return Deno.lint.runPlugin(plugin, path, source).map(({ message }) => message);
}
