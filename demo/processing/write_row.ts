import type { PostgrestSingleResponse } from "@supabase/supabase-js";
import { delay } from "./delay.ts";
import { failureReason } from "./failure_reason.ts";

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
  /** Ends the attempts; the write that is under way is cancelled, and may have been made. */
  signal?: AbortSignal;
  /** Called after a write that succeeded at once. */
  onWrite?: (write: Write) => void;
  /** Called after each attempt that failed and will be repeated, with the reason in words. */
  onRetry?: (reason: string) => void;
  wait?: typeof delay;
  /** At least 0 and less than 1. */
  random?: () => number;
}

/** The database refused a write. */
export class WriteError extends Error {
  override name = "WriteError";
}

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 10_000;

/** A connection can die without a word; `fetch` itself would wait for minutes. */
const ATTEMPT_MS = 15_000;

/**
 * Makes a write, and makes it again until it succeeds, is refused, or the signal aborts: after at
 * most 0.2 s, then 0.4 s and so on up to 10 s, each time shortened at random by up to a half.
 * supabase-js repeats reads only: `write` must be safe to repeat.
 *
 * @returns The row, or undefined if there was none to write.
 * @throws {WriteError} The database's own refusal, such as a constraint or a missing permission.
 * @throws The signal's reason.
 */
export async function writeRow(
  write: (signal: AbortSignal) => PromiseLike<PostgrestSingleResponse<WrittenRow[]>>,
  { signal, onWrite, onRetry, wait = delay, random = Math.random }: WriteRowOptions = {},
): Promise<WrittenRow | undefined> {
  for (let attempt = 0;; attempt++) {
    signal?.throwIfAborted();
    const sentAt = Date.now();
    const { data, error, status } = await withTimeout(write, signal);
    if (error === null) {
      const [row] = data;
      // A repeated write may have changed nothing: the revision would be that of the first.
      if (row && attempt === 0) onWrite?.({ ...row, sentAt, answeredAt: Date.now() });
      return row;
    }
    signal?.throwIfAborted();
    const reason = failureReason(status, error.message);
    if (!isTemporary(status, error.code)) {
      throw new WriteError(`Cannot write to "files": ${reason}`);
    }
    onRetry?.(reason);
    const longest = Math.min(FIRST_RETRY_MS * 2 ** attempt, LAST_RETRY_MS);
    await wait(longest * (1 - random() / 2), signal);
  }
}

async function withTimeout<Answer>(
  write: (signal: AbortSignal) => PromiseLike<Answer>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const attempt = new AbortController();
  const abort = () => attempt.abort(signal?.reason);
  const timer = setTimeout(() => attempt.abort(new Error("no answer in time")), ATTEMPT_MS);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await write(attempt.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/**
 * SQLSTATEs of a database that can't do now what it could do later: connection, rollback, resources,
 * shutdown or timeout, system, a server that is read-only while another takes over, a lock.
 */
const TEMPORARY_SQLSTATE = /^(08|40|53|57|58)...$|^25006$|^55P03$/;

function isTemporary(status: number, code: string): boolean {
  // The token has expired, and whoever holds the session brings the next one.
  if (status === 401) return true;
  if (/^[0-9A-Z]{5}$/.test(code)) return TEMPORARY_SQLSTATE.test(code);
  return status === 0 || status === 408 || status === 429 || status >= 500;
}
