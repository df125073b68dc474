/** What came of a request. */
export interface Answer {
  /** 0 if there was no answer. */
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** How long it took. */
  readonly milliseconds: number;
  /** Why there was no answer. */
  readonly failure?: string;
}

/** The answer's JSON as an object, or an empty one. */
export function jsonOf({ text }: Pick<Answer, "text">): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}

/** In what words an answer is quoted to the user: its status and what it says of itself. */
export function quote(answer: Pick<Answer, "status" | "text" | "failure">): string {
  if (answer.status === 0) return answer.failure ?? "no answer";
  const { msg, message, error_description, error, code } = jsonOf(answer);
  const words = [msg, message, error_description, error].find((it) => typeof it === "string");
  const name = typeof code === "string" ? `${code}: ` : "";
  return words === undefined
    ? `status ${answer.status}`
    : `status ${answer.status}, ${name}${String(words)}`;
}
