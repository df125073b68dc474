import { hexDigest } from "./hex_digest.ts";

const encoder = new TextEncoder();
/** PostgreSQL cuts longer names, and two names that are cut may be the same. */
const MAX_BYTES = 63;

/**
 * Joins `parts` to the name of an index. A name that would be too long is cut and ends with a hash
 * of the whole name.
 */
export async function indexName(parts: readonly string[]): Promise<string> {
  const name = [...parts, "idx"].join("_");
  if (encoder.encode(name).length <= MAX_BYTES) return name;
  const hash = (await hexDigest(name)).slice(0, 8);
  const kept = encoder.encodeInto(name, new Uint8Array(MAX_BYTES - hash.length - 1)).read;
  return `${name.slice(0, kept)}_${hash}`;
}
