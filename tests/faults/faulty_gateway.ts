/**
 * What becomes of a request on its way to the function. "page": a page answers in place of the
 * function. "overloaded": the function refuses it, and says when to come back. "silence": no answer
 * comes. "lost": the connection breaks before an answer.
 */
export type RequestFate = "answer" | "502" | "page" | "overloaded" | "silence" | "lost";

const RETRY_AFTER_S = 20;

const html = { "content-type": "text/html; charset=utf-8" };

/** How the gateway answers, unless no answer comes. */
const ANSWERS = {
  "502": () => new Response("<h1>Bad gateway</h1>", { status: 502, headers: html }),
  "page": () => new Response("<h1>Welcome</h1>", { headers: html }),
  "overloaded": () =>
    Response.json({ error: "Too many streams are open", code: "OVERLOADED" }, {
      status: 503,
      headers: { "retry-after": String(RETRY_AFTER_S) },
    }),
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
      switch (fate) {
        case "answer":
          return send(input, init);
        case "lost":
          return Promise.reject(new TypeError("network error"));
        case "silence":
          return aborted(init.signal!);
        default:
          return Promise.resolve(ANSWERS[fate]());
      }
    };
  }
}

/** Rejects when the signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
