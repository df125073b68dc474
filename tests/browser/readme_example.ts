import { publishableKey } from "../../local/api_keys.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const README = new URL("../../README.md", import.meta.url);
const CONFIG = new URL("../../deno.tests.json", import.meta.url);

/** The code of the README's browser example. */
export async function readReadmeExample(): Promise<string> {
  const readme = await Deno.readTextFile(README);
  const example = readme.match(/### In a browser\n\n```ts\n([\s\S]*?)```/)?.[1];
  if (!example) throw new Error("README.md has no example in the section “In a browser”");
  return example;
}

/**
 * Bundles the README's browser example as it stands there, with the version of supabase-js that
 * deno.tests.json maps `supabaseJs` to. Only the project's URL and key are replaced, and `files`
 * and `supabase` are made globals, so that a test can see them.
 */
export async function bundleReadmeExample(supabaseJs: string): Promise<Uint8Array<ArrayBuffer>> {
  const code = replaced(await readReadmeExample(), {
    '"https://<project>.supabase.co"': "location.origin",
    '"<publishable key>"': JSON.stringify(publishableKey),
  });
  const { imports } = JSON.parse(await Deno.readTextFile(CONFIG));
  const config = { imports: { "@supabase/supabase-js": imports[supabaseJs] } };

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
