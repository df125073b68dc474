import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./temporary_folder.ts";

const CONFIG = new URL("../../deno.tests.json", import.meta.url);

/**
 * Bundles a script for a page with the client and what it needs.
 *
 * @param packages What more the script imports, by name, as in `imports` of a `deno.json`.
 */
export async function bundleScript(
  script: URL,
  packages: Record<string, string> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { imports } = JSON.parse(await Deno.readTextFile(CONFIG));
  const config = {
    nodeModulesDir: "none",
    imports: { "eventsource-parser": imports["eventsource-parser"], ...packages },
  };
  await using folder = await temporaryFolder();
  const path = `${folder.path}/deno.json`;
  await Deno.writeTextFile(path, JSON.stringify(config));
  const options = ["--quiet", "--no-lock", "--platform", "browser", "--config", path];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", ...options, fileURLToPath(script)],
  }).output();
  if (!success) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}
