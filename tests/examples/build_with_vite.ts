import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stack } from "../../local/stack.ts";
import { execute } from "../support/execute.ts";

/** Builds an example for a project, as its README says, and returns the folder to serve. */
export async function buildWithVite(folder: string, stack: Stack): Promise<string> {
  const variables = [
    `VITE_SUPABASE_URL=${stack.url}`,
    `VITE_SUPABASE_PUBLISHABLE_KEY=${stack.publishableKey}`,
  ];
  await writeFile(join(folder, ".env.local"), variables.join("\n"));
  await execute("npm", ["run", "build"], folder);
  return join(folder, "dist");
}
