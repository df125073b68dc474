/** Splits text into lines, whatever the chunks are; the end of the stream ends the last line. */
export function lines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop()!;
      parts.forEach((line) => controller.enqueue(line));
    },
    flush(controller) {
      if (rest) controller.enqueue(rest);
    },
  });
}
