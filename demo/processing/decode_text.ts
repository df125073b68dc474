/**
 * Decodes UTF-8; what is none becomes U+FFFD.
 *
 * `ignoreBOM` keeps every U+FEFF as the character it is. Without it Deno (2.9) drops not only one
 * that begins the text, but each that begins a chunk.
 */
export function decodeText(): TextDecoderStream {
  return new TextDecoderStream("utf-8", { ignoreBOM: true });
}
