import { posix } from "node:path";

// These read source as `deno fmt` writes it: statements of a module begin at the start of a line,
// and strings are in double quotes.
const EXPORT =
  /^export (?:async |abstract )?(function\*?|const|let|class|enum|interface|type) (\w+)/gm;
const IMPORT = /^(?:import|export) ([^;"]*?) from "([^"]+)"/gm;
const TYPES = ["class", "interface", "type"];
/** A file that is named otherwise, such as that of a worker, may be used as a whole. */
const FILE = /(?<! from )"([^"\s]+\.ts)"/g;

/**
 * Exports that no other file imports, as `path: name`. A type or class may stay exported if its own file
 * uses it, because the signature of another export needs it.
 *
 * @param files The source of each file by its path from the repository's root.
 * @param names Paths by the names that stand for them in import statements.
 */
export function unusedExports(
  files: ReadonlyMap<string, string>,
  names: Readonly<Record<string, string>> = {},
): string[] {
  const used = new Set<string>();
  for (const [path, source] of files) {
    const resolve = (specifier: string) =>
      names[specifier] ?? posix.join(posix.dirname(path), specifier);
    for (const [, clause, specifier] of source.matchAll(IMPORT)) {
      for (const name of importedNames(clause!)) used.add(`${resolve(specifier!)}: ${name}`);
    }
    for (const [, file] of source.matchAll(FILE)) {
      used.add(`${resolve(file!)}: *`).add(`${file}: *`);
    }
  }
  const unused = [];
  for (const [path, source] of files) {
    if (used.has(`${path}: *`)) continue;
    for (const [, kind, name] of source.matchAll(EXPORT)) {
      const isType = TYPES.includes(kind!);
      const mentions = source.match(new RegExp(`\\b${name}\\b`, "g"))!.length;
      const isUsed = used.has(`${path}: ${name}`) || isType && mentions > 1;
      if (!isUsed) unused.push(`${path}: ${name}`);
    }
  }
  return unused;
}

/** `["a", "b"]` for `type { a, type b as c }`, and `["*"]` for `* as all`. */
function importedNames(clause: string): string[] {
  if (clause.includes("*")) return ["*"];
  const list = clause.match(/\{([^}]*)\}/)?.[1] ?? "";
  return list.split(",").map((name) => name.trim().replace(/^type | as \w+$/g, ""));
}
