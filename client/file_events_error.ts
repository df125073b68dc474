import type { FileState } from "./protocol.ts";

/**
 * - `FILE_FAILED`: the file has a failed status; `file` says more
 * - `FILE_DELETED`: the file was deleted, or this user may no longer see it
 * - `SIGNED_OUT`: nobody is signed in any more, or somebody else is
 * - `REFUSED`: the server refuses the request, and would refuse it again
 * - `CLOSED`: `close()` was called
 */
export type FileEventsErrorCode =
  | "FILE_FAILED"
  | "FILE_DELETED"
  | "SIGNED_OUT"
  | "REFUSED"
  | "CLOSED";

/** Why `done()` or `events()` can't go on. */
export class FileEventsError extends Error {
  override readonly name = "FileEventsError";
  readonly code: FileEventsErrorCode;
  /** The file as it was last known, with `FILE_FAILED`. */
  readonly file?: FileState;

  constructor(code: FileEventsErrorCode, message: string, file?: FileState) {
    super(message);
    this.code = code;
    if (file) this.file = file;
  }
}
