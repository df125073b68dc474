/**
 * A file as a `file-update` describes it. A field is `null` if the file's row has no value for it, or
 * one that the field can't carry.
 *
 * A table of your own may add columns to its events. Name their types in an interface that extends
 * this one, and call `fileEvents<YourFile>(…)`.
 */
export interface FileState {
  /** A UUID with the default table. */
  readonly id: string;
  readonly filename: string | null;
  /** MIME type. */
  readonly file_type: string | null;
  /** `pending`, `processing`, `ready` or `failed` with the default table. */
  readonly status: string | null;
  /** 0 to 100 with the default table. */
  readonly progress: number | null;
  /** `extraction`, `compression`, `embedding` or `finalization` with the default table. */
  readonly processing_stage: string | null;
  readonly error_message: string | null;
  /** ISO 8601 in UTC with milliseconds. */
  readonly created_at: string | null;
  /** Grows with each change of the file. */
  readonly revision: number;
}

/** Why the server ended a stream. A later version of the server may send other reasons. */
export type ClosingReason =
  | "token-expired"
  | "max-duration"
  | "resync"
  | "shutdown"
  | "slow-consumer"
  | "busy"
  | "setup-required"
  // Keeps the reasons above in an editor's completions.
  | (string & Record<never, never>);

/** The JSON of one event of the stream, as `docs/protocol.md` describes it. */
export type FileEvent<File extends FileState = FileState> =
  & {
    /** When the server wrote the event: ISO 8601 in UTC with milliseconds. */
    readonly timestamp: string;
  }
  & (
    | { readonly eventType: "reset" | "ready" | "heartbeat" }
    | { readonly eventType: "file-update"; readonly file: File }
    | { readonly eventType: "file-deleted"; readonly file: { readonly id: string } }
    | { readonly eventType: "closing"; readonly reason: ClosingReason }
  );
