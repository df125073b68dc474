import type { FileState } from "../protocol.ts";

/**
 * Returns the files in an order that progress doesn't change: the latest `created_at` first, then the
 * greatest id. Ids that are numbers are compared by value: of two numbers, the longer text is greater.
 */
export function sortFiles(files: Iterable<FileState>): FileState[] {
  return [...files].sort((a, b) =>
    compare(b.created_at ?? "", a.created_at ?? "") ||
    b.id.length - a.id.length || compare(b.id, a.id)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
