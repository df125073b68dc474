// Fails if a file exports what no other file imports: deno run --allow-read lint/check_exports.ts
import { posix } from "node:path";
import { readFiles } from "./read_files.ts";
import { unusedExports } from "./unused_exports.ts";

/** Where names of the repository's own modules are mapped to files. */
const IMPORT_MAPS = ["deno.tests.json", "supabase/functions/file-events/deno.json"];

const names: Record<string, string> = {};
for (const map of IMPORT_MAPS) {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL(`../${map}`, import.meta.url)));
  for (const [name, target] of Object.entries<string>(imports)) {
    if (target.startsWith("./")) names[name] = posix.join(posix.dirname(map), target);
  }
}

// What the examples export is imported by files of other kinds, such as `.svelte`.
const files = await readFiles(/\.ts$/);
for (const path of files.keys()) if (path.startsWith("examples/")) files.delete(path);

const unused = unusedExports(files, names);
for (const name of unused) {
  // deno-lint-ignore no-console -- the result
  console.error(`No other file imports ${name}. Remove its "export", or all of it.`);
}
Deno.exit(unused.length > 0 ? 1 : 0);
