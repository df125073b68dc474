/** What a command refuses to do, for the person who called it. The command ends with exit code 1. */
export class SetupError extends Error {
  override readonly name = "SetupError";

  /**
   * @param code Stable, in words joined by hyphens, for programs and tests.
   * @param message One sentence that says how to go on. It holds no secret.
   */
  constructor(readonly code: string, message: string) {
    super(message);
  }
}
