import { decodeText } from "./decode_text.ts";

export interface TextCounts {
  /** Unicode code points, as `wc -m` counts them. */
  characters: number;
  /** Runs of anything but white space, as `wc -w` counts them. */
  words: number;
  /** Line feeds, plus one for a last line that has none. */
  lines: number;
  /** Replacement characters (U+FFFD): above 0, the file is hardly plain UTF-8 text. */
  undecodable: number;
}

/** Decodes a stream of bytes as UTF-8 and counts what it says. */
export async function countText(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<TextCounts> {
  const counts = { characters: 0, words: 0, lines: 0, undecodable: 0 };
  let last = "\n";
  await bytes.pipeThrough(decodeText()).pipeTo(
    new WritableStream({
      write(text) {
        counts.characters += text.length - occurrences(text, /[\udc00-\udfff]/g);
        counts.words += occurrences(text, /\S+/g);
        // A word that goes on from the previous piece was counted there.
        if (/\S/.test(last) && /^\S/.test(text)) counts.words--;
        counts.lines += occurrences(text, /\n/g);
        counts.undecodable += occurrences(text, /\ufffd/g);
        last = text.at(-1)!;
      },
    }),
  );
  if (last !== "\n") counts.lines++;
  return counts;
}

function occurrences(text: string, pattern: RegExp): number {
  let found = 0;
  for (const _ of text.matchAll(pattern)) found++;
  return found;
}
