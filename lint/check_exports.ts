// Fails if a file exports what no other file imports: deno run --allow-read lint/check_exports.ts
import { readFiles } from "./read_files.ts";
import { unusedExports } from "./unused_exports.ts";

const FUNCTION = "supabase/functions/file-events";

const files = await readFiles(/\.ts$/);
const { imports } = JSON.parse(
  await Deno.readTextFile(new URL(`../${FUNCTION}/deno.json`, import.meta.url)),
) as { imports: Record<string, string> };
const names = Object.entries(imports)
  .filter(([, target]) => target.startsWith("./"))
  .map(([name, target]) => [name, `${FUNCTION}/${target.slice(2)}`]);

const unused = unusedExports(files, Object.fromEntries(names));
for (const name of unused) {
  // deno-lint-ignore no-console -- the result
  console.error(`No other file imports ${name}. Remove its "export", or all of it.`);
}
Deno.exit(unused.length > 0 ? 1 : 0);
