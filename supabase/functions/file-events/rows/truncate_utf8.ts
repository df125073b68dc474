const encoder = new TextEncoder();

/**
 * Cuts `text` to at most `maxBytes` bytes of UTF-8, never inside a character.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { truncateUtf8 } from "./truncate_utf8.ts";
 *
 * assert.equal(truncateUtf8("naïve", 3), "na");
 * ```
 */
export function truncateUtf8(text: string, maxBytes: number): string {
  // A UTF-16 unit takes at most three bytes, so most texts need not be encoded.
  if (text.length * 3 <= maxBytes) return text;
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(maxBytes)).read);
}
