import type { Results } from "./processing/process_file.ts";

/** What came out of a file's processing, for a terminal: one finding a line. */
export function describeResults(results: Results): string[] {
  const { bytes, characters, words, lines, undecodable, compressedBytes, vector, digest } = results;
  const ratio = (compressedBytes / bytes).toLocaleString("en", { style: "percent" });
  const dimensions = vector.filter((value) => value !== 0).length;
  return [
    `text     ${count(characters)} characters, ${count(words)} words, ${count(lines)} lines` +
    (undecodable ? ` (hardly text: ${count(undecodable)} undecodable)` : ""),
    `gzip     ${count(bytes)} → ${count(compressedBytes)} bytes, ${ratio}`,
    `vector   ${dimensions} of ${vector.length} dimensions set, by hashing words (no model)`,
    `SHA-256  ${digest}`,
  ];
}

function count(value: number): string {
  return value.toLocaleString("en");
}
