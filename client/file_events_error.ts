import type { FileState } from "./protocol.ts";

/**
 * - `failed`: the file has a failed status; `file` says more
 * - `deleted`: the file was deleted, or this user may no longer see it
 * - `signed-out`: nobody is signed in any more, or somebody else is
 * - `refused`: the server refuses the request, and would refuse it again
 * - `closed`: `close()` was called
 */
export type FileEventsErrorCode = "failed" | "deleted" | "signed-out" | "refused" | "closed";

/** Why `done()` or `events()` can't go on. */
export class FileEventsError extends Error {
  override readonly name = "FileEventsError";

  constructor(
    readonly code: FileEventsErrorCode,
    message: string,
    /** The file as it was last known, with `failed`. */
    readonly file?: FileState | undefined,
  ) {
    super(message);
  }
}
