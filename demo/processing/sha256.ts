// Web Crypto digests only what is in memory as a whole; this one takes a chunk at a time.
import { sha256 as createHash } from "@noble/hashes/sha2.js";

/** The SHA-256 digest of a stream, as 64 hexadecimal digits. */
export async function sha256(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const hash = createHash.create();
  await bytes.pipeTo(
    new WritableStream({
      write(chunk) {
        hash.update(chunk);
      },
    }),
  );
  return Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
