/** The Deno that Supabase's Edge Runtime is built on. */
export const EDGE_RUNTIME_DENO = "2.1.4";

const PACKAGES: Record<string, string> = {
  "linux-x86_64": "linux-x64-glibc",
  "linux-aarch64": "linux-arm64-glibc",
  "darwin-x86_64": "darwin-x64",
  "darwin-aarch64": "darwin-arm64",
  "windows-x86_64": "win32-x64",
};

/** Returns the path of the binary of a Deno, from its npm package. Downloads it if it is missing. */
export async function denoFromNpm(version: string): Promise<string> {
  const { os, arch } = Deno.build;
  const platform = PACKAGES[`${os}-${arch}`];
  if (!platform) throw new Error(`Cannot run Deno ${version} on ${os}-${arch}`);
  const manifest = `npm:@deno/${platform}@${version}/package.json`;
  // Importing it is what downloads the package.
  await import(manifest, { with: { type: "json" } });
  const file = os === "windows" ? "deno.exe" : "deno";
  return new URL(file, import.meta.resolve(manifest)).pathname;
}

/** The variables with which the older Deno of the Edge Runtime trusts the same servers as this one. */
export const EDGE_RUNTIME_VARIABLES = { DENO_TLS_CA_STORE: "system,mozilla" };
