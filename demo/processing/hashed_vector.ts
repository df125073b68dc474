import { decodeText } from "./decode_text.ts";

const DIMENSIONS = 256;

/** Longer runs of letters are no words of any language; they are cut, to keep memory flat. */
const LONGEST_WORD = 64;
const WORDS = new RegExp(`[\\p{L}\\p{N}]{1,${LONGEST_WORD}}`, "gu");

/**
 * Embeds a text by feature hashing: each word's hash picks one of 256 dimensions and a sign, and
 * the sum is scaled to length 1. Texts with the same words come out alike, texts with the same
 * meaning do not: it stands in for a model's embedding and does not pretend to be one.
 *
 * Returns the zero vector for a text without words.
 */
export async function hashedVector(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Float32Array> {
  const vector = new Float32Array(DIMENSIONS);
  let unfinished = "";
  await bytes.pipeThrough(decodeText()).pipeTo(
    new WritableStream({
      write(piece) {
        const text = unfinished + piece;
        unfinished = "";
        for (const { 0: word, index } of text.matchAll(WORDS)) {
          const mayGoOn = index + word.length === text.length && [...word].length < LONGEST_WORD;
          if (mayGoOn) unfinished = word;
          else addWord(vector, word);
        }
      },
    }),
  );
  if (unfinished !== "") addWord(vector, unfinished);
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

function addWord(vector: Float32Array, word: string): void {
  const hash = fnv1a(word.toLowerCase());
  const sign = hash & 0x80000000 ? -1 : 1;
  vector[hash % DIMENSIONS]! += sign;
}

/** FNV-1a with 32 bits, over UTF-16 code units. */
function fnv1a(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) {
    hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
