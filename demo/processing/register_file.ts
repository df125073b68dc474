import type { SupabaseClient } from "@supabase/supabase-js";
import { writeRow, type WriteRowOptions, WRITTEN_COLUMNS } from "./write_row.ts";

/** A file as its owner knows it; a browser's `File` is one. */
export interface NamedFile {
  name: string;
  /** Media type; may be empty if unknown. */
  type: string;
}

/**
 * Gives a file its row, `pending`, as the signed-in user, and returns the row's id.
 *
 * The id is drawn here and a second insert of it does nothing, so that a retry after a lost answer
 * cannot make two rows.
 *
 * @param options With a signal, nothing is begun once it has aborted. What has begun goes on until
 * the row is there: an insert without an answer may have been made, and a row must be known to be
 * ended.
 * @throws {WriteError}
 * @throws The signal's reason.
 */
export async function registerFile(
  client: SupabaseClient,
  file: NamedFile,
  { signal, ...options }: WriteRowOptions = {},
): Promise<string> {
  signal?.throwIfAborted();
  const row = {
    id: crypto.randomUUID(),
    // PostgreSQL refuses the halves of surrogate pairs, which Windows has in names.
    filename: file.name.toWellFormed(),
    file_type: file.type || "application/octet-stream",
    status: "pending",
    progress: 0,
  };
  const insert = (signal: AbortSignal) =>
    client.from("files").upsert(row, { onConflict: "id", ignoreDuplicates: true })
      .select(WRITTEN_COLUMNS).abortSignal(signal);
  await writeRow(insert, options);
  return row.id;
}
