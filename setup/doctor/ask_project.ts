import type { Answer } from "./answer.ts";

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Leaves the key out. */
  readonly isAnonymous?: boolean;
  /** Ends the request early. It then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Sends a request to a path of the project. Rejects only if its signal is aborted. */
export type AskProject = (path: string, options?: AskOptions) => Promise<Answer>;

/** @param timeoutMs How long a request may take. */
export function createAskProject(
  { url, fetch, timeoutMs }: { url: string; fetch: typeof globalThis.fetch; timeoutMs: number },
): AskProject {
  return async (path, { method = "GET", headers = {}, body, signal } = {}) => {
    signal?.throwIfAborted();
    const timeout = AbortSignal.timeout(timeoutMs);
    const startedAt = performance.now();
    const elapsed = () => Math.round(performance.now() - startedAt);
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: "manual",
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      const text = await firstBytes(response);
      return { status: response.status, headers: response.headers, text, milliseconds: elapsed() };
    } catch (error) {
      signal?.throwIfAborted();
      const failure = timeout.aborted
        ? `no answer within ${timeoutMs / 1000} s`
        : connectionFailure(error);
      return { status: 0, headers: new Headers(), text: "", milliseconds: elapsed(), failure };
    }
  };
}

/** Longer answers are cut: an event stream has no end. */
const MAX_BYTES = 4 * 1024 * 1024;

/** What a response says, or the beginning of it. */
export async function firstBytes({ status, headers, body }: Response): Promise<string> {
  if (!body) return "";
  // What is read of a stream that opens does not matter.
  if (status === 200 && headers.get("content-type")?.startsWith("text/event-stream")) {
    await body.cancel();
    return "";
  }
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
    if (text.length > MAX_BYTES) {
      await reader.cancel();
      return text;
    }
  }
}

/** The system's code alone, such as ECONNREFUSED: messages can hold the URL with what is in it. */
export function connectionFailure(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (typeof code === "string" && /^[A-Z0-9_]+$/.test(code)) return `no connection (${code})`;
  }
  return "no connection";
}
