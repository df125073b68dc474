import type { PostgrestSingleResponse } from "@supabase/supabase-js";
import type { delay } from "./delay.ts";

export interface WriteRowOptions {
  wait: typeof delay;
  signal?: AbortSignal;
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
 * @throws {WriteError}
 */
export async function writeRow<T>(
  write: () => PromiseLike<PostgrestSingleResponse<T>>,
  { wait, signal }: WriteRowOptions,
): Promise<T> {
  for (let attempt = 0;; attempt++) {
    const { data, error, status } = await write();
    if (error === null) return data;
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
