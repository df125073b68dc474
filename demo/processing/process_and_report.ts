import type { SupabaseClient } from "@supabase/supabase-js";
import { delay } from "./delay.ts";
import {
  type FileSource,
  processFile,
  type Results,
  UnprocessableFileError,
} from "./process_file.ts";
import type { Progress } from "./stage.ts";
import { WriteError, writeRow, type WriteRowOptions, WRITTEN_COLUMNS } from "./write_row.ts";

/** How a file's work ended. */
export type Outcome =
  | { status: "ready"; results: Results }
  | { status: "failed"; error: string }
  /** Somebody deleted the row meanwhile, or ended the work. */
  | { status: "withdrawn" };

export interface ProcessAndReportOptions extends WriteRowOptions {
  maxBytes?: number;
  /** Called after each step that the database has. */
  onStep?: (step: Progress) => void;
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
}

/** Ten writes a second look smooth on a progress bar, and leave the database to others. */
const WRITE_INTERVAL_MS = 100;

/**
 * Processes a file and keeps its row in `files` up to date: `processing` with stage and progress,
 * then `ready`, or `failed` with the reason. Whoever watches the row sees each stage begin, and at
 * most ten writes a second.
 *
 * While the database can't be told, the work waits, and then goes on. Once the signal has aborted,
 * only one thing is left to tell: that the file failed. That is tried until it succeeds.
 *
 * @throws {WriteError} The database refused to be told, even of the failure; the row stays as it was.
 * @throws The signal's reason, after the row was marked `failed`.
 */
export async function processAndReport(
  client: SupabaseClient,
  { id, file }: { id: string; file: FileSource },
  { signal, maxBytes, onStep, now = () => performance.now(), wait = delay, ...options }:
    ProcessAndReportOptions = {},
): Promise<Outcome> {
  const update = async (
    columns: { status: string } & Record<string, unknown>,
    stop?: { signal: AbortSignal },
  ) => {
    // What others have ended stays ended; a repeated write still finds the row that it ended.
    const open = ["pending", "processing", columns.status];
    const write = (signal: AbortSignal) =>
      client.from("files").update(columns).eq("id", id).in("status", open).select(WRITTEN_COLUMNS)
        .abortSignal(signal);
    const row = await writeRow(write, { ...options, wait, ...stop });
    if (!row) throw new WithdrawnError();
  };
  const stop = signal && { signal };

  let lastStep: Progress | undefined;
  let lastWrite = -Infinity;
  const report = async (step: Progress) => {
    const early = lastWrite + WRITE_INTERVAL_MS - now();
    if (early > 0) {
      if (step.stage === lastStep?.stage) return;
      await wait(early, signal);
    }
    lastStep = step;
    lastWrite = now();
    const { stage: processing_stage, progress } = step;
    await update({ status: "processing", processing_stage, progress }, stop);
    onStep?.(step);
  };

  const work = async (): Promise<Outcome> => {
    try {
      const results = await processFile(file, {
        report,
        ...stop,
        ...(maxBytes && { maxBytes }),
      });
      await update({ status: "ready", processing_stage: null, progress: 100 }, stop);
      return { status: "ready", results };
    } catch (cause) {
      if (cause instanceof WithdrawnError) throw cause;
      const error = signal?.aborted ? "Processing was stopped." : reasonOf(cause);
      await update({ status: "failed", error_message: error });
      signal?.throwIfAborted();
      if (cause instanceof WriteError) throw cause;
      return { status: "failed", error };
    }
  };

  return await work().catch((error) => {
    if (error instanceof WithdrawnError) return { status: "withdrawn" };
    throw error;
  });
}

/** Nobody waits for the file any more: no reason to go on, and no failure either. */
class WithdrawnError extends Error {}

function reasonOf(cause: unknown): string {
  if (cause instanceof UnprocessableFileError) return cause.message;
  if (cause instanceof WriteError) return "The file's progress could not be saved.";
  return `The file cannot be read: ${cause instanceof Error ? cause.message : cause}`;
}
