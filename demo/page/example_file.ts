const BYTES = 24_000_000;

/** A file for whoever has none at hand; large enough to watch its bar for some seconds. */
export function exampleFile(): File {
  const line = "It was a dark and stormy night, and the bar moved on.\n";
  return new File([line.repeat(BYTES / line.length)], "example.txt", { type: "text/plain" });
}
