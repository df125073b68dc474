/**
 * The state of a file as a client receives it. A field is `null` if its column is null or missing, or
 * if the column holds a value that the field can't carry.
 *
 * Besides these fields, the object has the table's extra columns, under their own names. They follow
 * `created_at`, and none of them has the name of a field. The function only passes them on, so they
 * have no type.
 */
export interface FileState {
  /** Any text. */
  readonly id: string;
  /** At most 1,024 bytes of UTF-8. The same limit holds for the texts below that name no other. */
  readonly filename: string | null;
  readonly file_type: string | null;
  readonly status: string | null;
  /** 0 to 100 in the default table. */
  readonly progress: number | null;
  readonly processing_stage: string | null;
  /** At most 4,096 bytes of UTF-8. */
  readonly error_message: string | null;
  /** ISO 8601 in UTC, with milliseconds. */
  readonly created_at: string | null;
  /** Orders the states of one file; a later state has the larger number. */
  readonly revision: number;
}

/** A file's new state, or its deletion, as the feed or a catch-up reports it. */
export type FileChange =
  & {
    readonly id: string;
    readonly revision: number;
    /** The transaction that made the change (PostgreSQL's `xid8`). */
    readonly changedIn: bigint;
  }
  & (
    | {
      readonly deleted: false;
      readonly file: FileState;
      /** The file is no longer in progress, so that no further change of it is expected. */
      readonly isFinal: boolean;
    }
    | { readonly deleted: true }
  );
