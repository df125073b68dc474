/**
 * What the migrations call the parts of the database that the function uses. The streamed table is
 * not among them: its name is known to the migrations only. A second function, for a second table,
 * has other names here.
 */
export const DATABASE_NAMES = {
  /** The function that returns what has changed. */
  changesSince: "file_changes_since",
  /** The Realtime topic of a user is this and the user's id. */
  topicPrefix: "files:",
} as const;
