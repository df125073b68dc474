import type { FileState } from "./file_event.ts";

/**
 * Files in an order that no update and no reload changes: the latest `created_at` first, then those
 * without one, by name; the id decides where these are equal.
 */
export function newestFirst(files: Iterable<FileState>): FileState[] {
  return [...files].sort((a, b) =>
    compare(b.created_at ?? "", a.created_at ?? "") ||
    compare(a.filename ?? "", b.filename ?? "") ||
    compare(a.id, b.id)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
