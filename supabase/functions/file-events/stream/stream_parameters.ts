/** What a client asks for. The files are always those of the caller. */
export interface StreamParameters {
  /** The cursor to resume from; `null` if the client has none. */
  readonly lastEventId: string | null;
  /** Only these files (sorted, without duplicates); `null` for all. */
  readonly fileIds: readonly string[] | null;
  /** Whether a client without a usable cursor is first sent all its files. */
  readonly snapshot: boolean;
  /**
   * The stream answers one request of a client that polls, and then ends. Each change that it sends
   * comes from the database, so that an id covers it. A live change only causes a query.
   */
  readonly isPoll: boolean;
}
