/** What is to be done to one file of a project. */
export interface FileChange {
  /** From the root of the project, with slashes. */
  readonly path: string;
  /** Nothing if the file is to be deleted. */
  readonly text: string | undefined;
  /** What the file is now; nothing if it is not there. */
  readonly before: string | undefined;
  /** Whether somebody has changed the file since it was installed. */
  readonly isEdited: boolean;
}

/** What a command is about to do. */
export interface Plan {
  readonly changes: readonly FileChange[];
  /** Sentences about what stays or is left to the user. */
  readonly notes: readonly string[];
}
