import { type ConfigEdit, parseConfigEdit } from "../config_toml/config_edit.ts";
import { hexDigest } from "../sql/hex_digest.ts";
import { VERSION } from "../version.ts";

/** The name of the manifest in the function's folder. No file of the function imports it. */
export const MANIFEST = "installed.json";

/** What was written, so that an upgrade finds what has changed since and `remove` takes back no more. */
export interface Manifest {
  /** Digests of the function's files by path. */
  readonly files: ReadonlyMap<string, string>;
  readonly config: ConfigEdit;
}

/** The text of the manifest for these files. */
export async function writeManifest(
  files: ReadonlyMap<string, string>,
  config: ConfigEdit,
): Promise<string> {
  const digests: Record<string, string> = {};
  for (const [path, text] of files) digests[path] = await digestOf(text);
  return `${JSON.stringify({ version: VERSION, config, files: digests }, null, 2)}\n`;
}

/** Reads a manifest; nothing if it is missing or none. */
export function readManifest(text: string | undefined): Manifest | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text ?? "");
  } catch {
    return;
  }
  const { files, config } = (json ?? {}) as Record<string, unknown>;
  const edit = parseConfigEdit(config);
  if (typeof files !== "object" || files === null || !edit) return;
  return {
    files: new Map(Object.entries(files).map(([path, digest]) => [path, String(digest)])),
    config: edit,
  };
}

/** The same for either kind of line break, because Git may exchange them. */
export function digestOf(text: string): Promise<string> {
  return hexDigest(text.replaceAll("\r\n", "\n"));
}
