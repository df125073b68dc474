// Declares `Symbol.dispose` for users whose own libraries are older.
/// <reference lib="esnext.disposable" preserve="true" />
import type { ConnectionStatus, Transport } from "./connection_status.ts";
import { createFileEvents } from "./create_file_events.ts";
import type { FileEventsOptions } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import type { FileState } from "./protocol.ts";
import type { Readable } from "./readable.ts";
import { webEnvironment } from "./web_environment.ts";

export { FileEventsError, type FileEventsErrorCode } from "./file_events_error.ts";
export type { ConnectionState, ConnectionStatus, Transport } from "./connection_status.ts";
export type { FileEventsOptions, GetToken, SupabaseClientLike } from "./options.ts";
export type { Outcome } from "./outcome.ts";
export type { ClosingReason, FileEvent, FileState } from "./protocol.ts";
export type { Readable } from "./readable.ts";

/** A change of the list, as `events()` yields it. */
export type FileChange<File extends FileState = FileState> =
  | { readonly eventType: "file-update"; readonly file: File }
  | { readonly eventType: "file-deleted"; readonly file: { readonly id: string } };

/**
 * The user's files as they are now: a store of an immutable list, the latest file first. The order
 * doesn't change while files make progress, and a file that has not changed is the same object.
 *
 * The stream opens with the first subscriber, `done()` or `events()`, and closes some seconds after
 * the last one has gone. The next one continues where it was.
 */
export interface FileEvents<File extends FileState = FileState> extends Readable<readonly File[]> {
  readonly connection: Readable<ConnectionStatus>;
  /** The same as `connection.value.transport`. */
  readonly transport: Transport;
  /** The file with this id, if it is known. */
  readonly get: (id: string) => File | undefined;
  /**
   * Resolves with the file when it is ready. A file that is not known yet is waited for.
   *
   * @throws {FileEventsError} When the file has failed or is deleted, at sign-out and at `close()`.
   * @throws The signal's reason when it aborts.
   */
  readonly done: (
    id: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ) => Promise<File>;
  /**
   * Yields all files as they are, then their changes. A consumer that is slower than the changes gets
   * the latest state of each file. Ends at `close()` and when the signal aborts.
   *
   * @throws {FileEventsError} At sign-out, and when the request is refused.
   */
  readonly events: (
    options?: { readonly signal?: AbortSignal | undefined },
  ) => AsyncIterableIterator<FileChange<File>>;
  /** Whether a file is done, by its status. */
  readonly outcome: (file: FileState) => Outcome;
  /** Connects at once: for a "Try again" button, and after a sign-in with `getToken`. */
  readonly reconnect: () => void;
  /** Ends the stream and all timers. */
  readonly close: () => void;
  readonly [Symbol.dispose]: () => void;
}

/**
 * Follows the files of the signed-in user.
 *
 * @throws {TypeError} If `url` is not an absolute URL or `key` is empty.
 */
export function fileEvents<File extends FileState = FileState>(
  options: FileEventsOptions,
): FileEvents<File> {
  // The server decides what a file has besides its fields; the caller knows its own table.
  return createFileEvents(options, webEnvironment(options.fetch)) as unknown as FileEvents<File>;
}
