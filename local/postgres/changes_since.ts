import type { Session } from "./postgres_session.ts";

/** A row of `files` in a page of `file_changes_since`. */
export interface ChangedFile {
  id: string;
  filename: string;
  file_type: string;
  status: string;
  progress: number;
  processing_stage: string | null;
  error_message: string | null;
  created_at: string | null;
  final: boolean;
  revision: number;
  changed_in: string;
}

/** What `file_changes_since` returns. */
export interface ChangesPage {
  version: number;
  cursor: string;
  /** The bound, then the transactions that were running. */
  covers: string[];
  reset: boolean;
  more: boolean;
  current: boolean;
  files: ChangedFile[];
  deletions: { id: string; revision: number; changed_in: string }[];
}

export interface ChangesOptions {
  fileIds?: string[] | null;
  snapshot?: boolean;
}

/** One page, as the session's user. */
export async function changesSince(
  session: Session,
  since: string | null,
  { fileIds = null, snapshot = true }: ChangesOptions = {},
): Promise<ChangesPage> {
  // An array literal: one driver knows no array types, the other knows no literals in arrays.
  const [row] = await session.query<{ page: ChangesPage }>(
    "select public.file_changes_since($1, $2::text::text[], $3) as page",
    [since, fileIds && `{${fileIds.join(",")}}`, snapshot],
  );
  return row!.page;
}

/** Whether a page's `covers` has a transaction. */
export function isCovered([bound, ...running]: string[], transaction: string): boolean {
  return BigInt(transaction) < BigInt(bound!) && !running.includes(transaction);
}
