/** Something that the user must mend. The message is one sentence that says how to go on. */
export class SetupError extends Error {
  override readonly name = "SetupError";

  /** @param code Stable, for scripts: lower-case words with hyphens. */
  constructor(readonly code: string, message: string) {
    super(message);
  }
}
