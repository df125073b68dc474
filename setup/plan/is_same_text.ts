/** Whether two texts differ in line breaks at most, which Git may exchange. */
export function isSameText(text: string, other: string): boolean {
  return text.replaceAll("\r\n", "\n") === other.replaceAll("\r\n", "\n");
}
