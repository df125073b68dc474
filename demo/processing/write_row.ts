import type { PostgrestSingleResponse } from "@supabase/supabase-js";
import type { delay } from "./delay.ts";

/** What the database says of a row that it has written. */
export interface WrittenRow {
  id: string;
  revision: number;
  /** When the write's transaction began, by the database's clock: ISO 8601. */
  updated_at: string;
}

/** What a write asks back, for {@linkcode WrittenRow}. */
export const WRITTEN_COLUMNS = "id, revision, updated_at";

/** A row with the time that its write was under way, in Unix milliseconds by the writer's clock. */
export interface Write extends WrittenRow {
  sentAt: number;
  answeredAt: number;
}

export interface WriteRowOptions {
  wait: typeof delay;
  signal?: AbortSignal;
  /** Called after a write that succeeded at once. */
  onWrite?: (write: Write) => void;
  /** Unix milliseconds. */
  now?: () => number;
}

/** The database refused a write, or stayed out of reach. */
export class WriteError extends Error {
  override name = "WriteError";
}

const RETRY_DELAYS_MS = [200, 800, 3200];

/**
 * Makes a write, and makes it again after 0.2, 0.8 and 3.2 s while the failure looks temporary.
 * supabase-js does so for reads only: `write` must be safe to repeat.
 *
 * @returns The row, or undefined if there was none to write.
 * @throws {WriteError}
 */
export async function writeRow(
  write: () => PromiseLike<PostgrestSingleResponse<WrittenRow[]>>,
  { wait, signal, onWrite, now = Date.now }: WriteRowOptions,
): Promise<WrittenRow | undefined> {
  for (let attempt = 0;; attempt++) {
    const sentAt = now();
    const { data, error, status } = await write();
    if (error === null) {
      const [row] = data;
      // A repeated write may have changed nothing: the revision would be that of the first.
      if (row && attempt === 0) onWrite?.({ ...row, sentAt, answeredAt: now() });
      return row;
    }
    const retryDelay = RETRY_DELAYS_MS[attempt];
    if (retryDelay === undefined || !isTemporary(status)) {
      throw new WriteError(`Cannot write to "files": ${error.message} (status ${status})`);
    }
    await wait(retryDelay, signal);
  }
}

function isTemporary(status: number): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}
