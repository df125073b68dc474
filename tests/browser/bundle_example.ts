import { publishableKey } from "../../local/api_keys.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const ROOT = new URL("../../", import.meta.url);

/** The code in TypeScript under a heading of a page of the documentation. */
export async function readExample(page: string, heading: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(page, ROOT));
  const section = text.split(`\n### ${heading}\n`)[1]?.split("\n### ")[0] ?? "";
  const example = [...section.matchAll(/```ts\b.*\n([\s\S]*?)```/g)].map(([, code]) => code).join(
    "\n",
  );
  if (!example) throw new Error(`${page} has no example in the section “${heading}”`);
  return example;
}

/**
 * Bundles an example as it stands, with the version of supabase-js that deno.tests.json maps
 * `supabaseJs` to. Only the project's URL and key are replaced, and `files` and `supabase` are made
 * globals, so that a test can see them.
 */
export async function bundleExample(
  example: string,
  supabaseJs = "@supabase/supabase-js",
): Promise<Uint8Array<ArrayBuffer>> {
  const code = replaced(example, {
    '"https://<project>.supabase.co"': "location.origin",
    '"<publishable key>"': JSON.stringify(publishableKey),
  });
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.tests.json", ROOT)));
  const config = {
    imports: {
      "@supabase/supabase-js": imports[supabaseJs],
      "eventsource-parser": imports["eventsource-parser"],
      "file-events": new URL(imports["file-events"], ROOT).href,
    },
  };

  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/deno.json`, JSON.stringify(config));
  await Deno.writeTextFile(
    `${folder.path}/example.ts`,
    `${code}\nObject.assign(globalThis, { files, supabase });\n`,
  );
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--no-lock", "--platform", "browser", "example.ts"],
    cwd: folder.path,
  }).output();
  if (!success) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}

function replaced(text: string, replacements: Record<string, string>): string {
  return Object.entries(replacements).reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`The example has no ${from}`);
    return result.replace(from, to);
  }, text);
}
