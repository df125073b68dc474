/** @throws {Error} Unless `text` has `from` exactly once. */
export function replaceOnce(text: string, from: string, to: string): string {
  const parts = text.split(from);
  if (parts.length !== 2) {
    throw new Error(`Cannot replace, found ${parts.length - 1} times: ${from}`);
  }
  return parts.join(to);
}
