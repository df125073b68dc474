const CONTEXT = 2;

/**
 * The lines in which two texts differ, with `-` and `+`, and two lines around them. It knows one
 * place: what is between the lines that both begin and end with.
 */
export function lineDifference(before: string, after: string): string[] {
  const [from, to] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  while (
    end < from.length - start && end < to.length - start && from.at(-1 - end) === to.at(-1 - end)
  ) end++;
  return [
    ...from.slice(Math.max(0, start - CONTEXT), start).map((line) => `  ${line}`),
    ...from.slice(start, from.length - end).map((line) => `- ${line}`),
    ...to.slice(start, to.length - end).map((line) => `+ ${line}`),
    ...from.slice(from.length - end, from.length - end + CONTEXT).map((line) => `  ${line}`),
  ];
}

function linesOf(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}
