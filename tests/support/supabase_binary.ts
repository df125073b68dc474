import { arch, platform } from "node:os";
import { fileURLToPath } from "node:url";

const VERSION = "3.1.0";

/**
 * The path of the real Supabase CLI.
 *
 * The npm package `supabase` is only a launcher; the binary is in a package per platform, which is
 * imported here by a name that is not known before, so that no other platform's is downloaded.
 */
export async function supabaseBinary(): Promise<string> {
  const [name, extension] = platform() === "win32" ? ["windows", ".exe"] : [platform(), ""];
  const manifest = `npm:@supabase/cli-${name}-${arch()}@${VERSION}/package.json`;
  await import(manifest, { with: { type: "json" } });
  return fileURLToPath(new URL(`bin/supabase${extension}`, import.meta.resolve(manifest)));
}
