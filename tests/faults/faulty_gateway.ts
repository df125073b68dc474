/**
 * What becomes of a request on its way to the function. "page": a page answers in place of the
 * function. "overloaded": the function refuses it, and says when to come back. "silence": no answer
 * comes. "lost": the connection breaks before an answer.
 */
export type RequestFate = "answer" | "502" | "page" | "overloaded" | "silence" | "lost";

const RETRY_AFTER_S = 20;

const html = { "content-type": "text/html; charset=utf-8" };

const ANSWERS: Record<Exclude<RequestFate, "answer">, (signal: AbortSignal) => Promise<Response>> =
  {
    "502": async () => new Response("<h1>Bad gateway</h1>", { status: 502, headers: html }),
    "page": async () => new Response("<h1>Welcome</h1>", { headers: html }),
    "overloaded": async () =>
      Response.json({ error: "Too many streams are open", code: "OVERLOADED" }, {
        status: 503,
        headers: { "retry-after": String(RETRY_AFTER_S) },
      }),
    "silence": (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    "lost": () => Promise.reject(new TypeError("network error")),
  };

/** A gateway between a client and the function. */
export class FaultyGateway {
  #fates: RequestFate[] = [];

  /** The fates of the next requests. After them all are answered. */
  decide(fates: readonly RequestFate[]): void {
    this.#fates.push(...fates);
  }

  heal(): void {
    this.#fates = [];
  }

  /** A `fetch` through this gateway. */
  carry(send: typeof fetch): typeof fetch {
    return (input, init = {}) => {
      const fate = this.#fates.shift() ?? "answer";
      return fate === "answer" ? send(input, init) : ANSWERS[fate](init.signal!);
    };
  }
}
