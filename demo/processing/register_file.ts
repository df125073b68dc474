import type { SupabaseClient } from "@supabase/supabase-js";
import { delay } from "./delay.ts";
import { type Write, writeRow, WRITTEN_COLUMNS } from "./write_row.ts";

/** A file as its owner knows it; a browser's `File` is one. */
export interface NamedFile {
  name: string;
  /** Media type; may be empty if unknown. */
  type: string;
}

export interface RegisterFileOptions {
  signal?: AbortSignal;
  wait?: typeof delay;
  /** Called when the row is there, unless that took more than one attempt. */
  onWrite?: (write: Write) => void;
}

/**
 * Gives a file its row, `pending`, as the signed-in user, and returns the row's id.
 *
 * The id is drawn here and a second insert of it does nothing, so that a retry after a lost answer
 * cannot make two rows.
 *
 * @throws {WriteError}
 */
export async function registerFile(
  client: SupabaseClient,
  file: NamedFile,
  { signal, wait = delay, onWrite }: RegisterFileOptions = {},
): Promise<string> {
  const row = {
    id: crypto.randomUUID(),
    filename: file.name,
    file_type: file.type || "application/octet-stream",
    status: "pending",
    progress: 0,
  };
  const insert = () =>
    client.from("files").upsert(row, { onConflict: "id", ignoreDuplicates: true })
      .select(WRITTEN_COLUMNS);
  await writeRow(insert, { wait, ...(signal && { signal }), ...(onWrite && { onWrite }) });
  return row.id;
}
