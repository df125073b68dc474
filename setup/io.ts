/** How a command talks to the person who called it, and what it knows of the machine. */
export interface Io {
  /** The folder that the command was called in. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a person can answer: both input and output are a terminal. */
  readonly isInteractive: boolean;
  /** Writes one line, the result, to standard output. */
  print(line: string): void;
  /** Writes one line to standard error. */
  printError(line: string): void;
  /**
   * Asks on one line and returns the answer without the spaces around it.
   *
   * @throws {SetupError} `no-terminal` if nobody can answer, `cancelled` if the input ends.
   */
  ask(question: string): Promise<string>;
}
