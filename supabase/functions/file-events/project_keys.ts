import type { JWK } from "@supabase/supabase-js";

/**
 * Parses `SUPABASE_PUBLISHABLE_KEYS` and returns the key named `default`, or else the first one;
 * `undefined` if there is no key, as in a self-hosted project that has only legacy keys.
 *
 * @param json `{"default":"sb_publishable_…"}`; also `{"default":""}`, `{}` or `null`.
 * @throws {Error} if it is something else.
 */
export function parsePublishableKeys(json: string): string | undefined {
  const keys = parse(json);
  if (typeof keys !== "object" || Array.isArray(keys)) {
    throw new Error("SUPABASE_PUBLISHABLE_KEYS is not a JSON object of keys");
  }
  const { default: first, ...others } = (keys ?? {}) as Record<string, unknown>;
  return [first, ...Object.values(others)]
    .map((key) => typeof key === "string" ? key.trim() : "")
    .find((key) => key !== "");
}

/**
 * Parses the public keys of `SUPABASE_JWKS`.
 *
 * @param json `{"keys":[…]}` or `[…]`; also `{"keys":null}`, `{}` or `null`, which have no keys.
 * @throws {Error} if it is something else.
 */
export function parseJwks(json: string): readonly JWK[] {
  const value = parse(json);
  if (typeof value === "object") {
    const keys = Array.isArray(value) ? value : (value as { keys?: unknown } | null)?.keys ?? [];
    const isKey = (key: unknown): key is JWK => typeof key === "object" && key !== null;
    if (Array.isArray(keys) && keys.every(isKey)) return keys;
  }
  throw new Error("SUPABASE_JWKS is not a JSON Web Key Set");
}

/** Returns `undefined` if the text is not JSON. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
