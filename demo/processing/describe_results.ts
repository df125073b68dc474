import type { Results } from "./process_file.ts";

/** What came out of a file's processing, as pairs of a term and a phrase. */
export function describeResults(results: Results): [term: string, phrase: string][] {
  const { bytes, characters, words, lines, undecodable, compressedBytes, vector, digest } = results;
  const ratio = (compressedBytes / bytes).toLocaleString("en", { style: "percent" });
  const dimensions = vector.filter((value) => value !== 0).length;
  return [
    [
      "Text",
      `${count(characters)} characters, ${count(words)} words, ${count(lines)} lines` +
      (undecodable ? ` (hardly text: ${count(undecodable)} undecodable)` : ""),
    ],
    ["Gzip", `${count(bytes)} → ${count(compressedBytes)} bytes, ${ratio}`],
    ["Vector", `${dimensions} of ${vector.length} dimensions, from hashed words (no model)`],
    ["SHA-256", digest],
  ];
}

function count(value: number): string {
  return value.toLocaleString("en");
}
