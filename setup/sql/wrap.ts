const MAX_WIDTH = 76;

/** Joins items by commas, and breaks lines that would be too long. */
export function wrap(items: readonly string[]): string {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + item.length + 2 <= MAX_WIDTH) {
      lines[lines.length - 1] = `${last}, ${item}`;
    } else {
      lines.push(item);
    }
  }
  return lines.join(",\n");
}
