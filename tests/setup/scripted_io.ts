import type { Io } from "../../setup/io.ts";
import { SetupError } from "../../setup/setup_error.ts";

export interface ScriptedIo extends Io {
  /** All lines of standard output. */
  readonly output: string[];
  /** All lines of standard error. */
  readonly errors: string[];
  /** All questions that were asked. */
  readonly questions: string[];
}

/** Answers questions in order; without `answers` nobody is there to ask. */
export function scriptedIo(
  cwd: string,
  answers?: string[],
  env: Readonly<Record<string, string>> = {},
): ScriptedIo {
  const rest = [...(answers ?? [])];
  const [output, errors, questions] = [[] as string[], [] as string[], [] as string[]];
  return {
    cwd,
    env,
    isInteractive: answers !== undefined,
    output,
    errors,
    questions,
    print: (line) => void output.push(...line.split("\n")),
    printError: (line) => void errors.push(...line.split("\n")),
    ask(question) {
      questions.push(question);
      const answer = rest.shift();
      if (answer !== undefined) return Promise.resolve(answer);
      return Promise.reject(new SetupError("cancelled", `Nobody answers: ${question}`));
    },
  };
}
