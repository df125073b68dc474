import type { Results } from "./process_file.ts";

/** What came out of a file's processing, as pairs of a term and a phrase. */
export function describeResults(results: Results): [term: string, phrase: string][] {
  const { bytes, characters, words, lines, undecodable, compressedBytes, vector, digest } = results;
  const ratio = (compressedBytes / bytes * 100).toLocaleString("en", {
    maximumSignificantDigits: 3,
  });
  const dimensions = vector.filter((value) => value !== 0).length;
  return [
    [
      "Text",
      `${count(characters, "character")}, ${count(words, "word")}, ${count(lines, "line")}` +
      (undecodable ? ` (hardly text: ${inDigits(undecodable)} undecodable)` : ""),
    ],
    ["Gzip", `${inDigits(bytes)} → ${inDigits(compressedBytes)} bytes, ${ratio} %`],
    ["Vector", `${dimensions} of ${vector.length} dimensions, from hashed words (no model)`],
    ["SHA-256", digest],
  ];
}

function count(value: number, noun: string): string {
  return `${inDigits(value)} ${noun}${value === 1 ? "" : "s"}`;
}

function inDigits(value: number): string {
  return value.toLocaleString("en");
}
