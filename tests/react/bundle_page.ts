import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../support/temporary_folder.ts";

const PAGE = fileURLToPath(new URL("page.ts", import.meta.url));
const CONFIG = new URL("../../deno.tests.json", import.meta.url);

/**
 * The script of the page with that version of React, in React's development build: only this one mounts
 * each component twice in StrictMode, and warns.
 */
export async function bundlePage(reactVersion: string): Promise<Uint8Array<ArrayBuffer>> {
  const { imports } = JSON.parse(await Deno.readTextFile(CONFIG));
  const config = {
    nodeModulesDir: "none",
    imports: {
      "eventsource-parser": imports["eventsource-parser"],
      "react": `npm:react@${reactVersion}`,
      "react-dom": `npm:react-dom@${reactVersion}`,
    },
  };
  await using folder = await temporaryFolder();
  const path = `${folder.path}/deno.json`;
  await Deno.writeTextFile(path, JSON.stringify(config));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--no-lock", "--platform", "browser", "--config", path, PAGE],
  }).output();
  if (!success) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}
