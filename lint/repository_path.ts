import { join, relative, resolve } from "node:path";

const ROOT = join(import.meta.dirname!, "..");

/** The path of the file that a rule reads, from the repository's root, with slashes. */
export function repositoryPath({ filename }: Pick<Deno.lint.RuleContext, "filename">): string {
  return relative(ROOT, resolve(ROOT, filename)).replaceAll("\\", "/");
}
