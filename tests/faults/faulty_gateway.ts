/**
 * What becomes of a request on its way to the function. "page": a page answers in place of the
 * function. "overloaded": the function refuses it, and says when to come back. "silence": no answer
 * comes. "lost": the connection breaks before an answer. "garbled": of the answer to a poll, one event
 * can't be read.
 */
export type RequestFate =
  | "answer"
  | "502"
  | "page"
  | "overloaded"
  | "silence"
  | "lost"
  | "garbled";

/**
 * What a gateway that buffers lets pass of a stream that has not ended: nothing, the head of the
 * answer, or also the first chunk.
 */
export type Passing = "nothing" | "head" | "first chunk";

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
  /** What passes of a stream; all by default. */
  #passing: Passing | undefined;
  /** An answer was garbled. */
  hasGarbled = false;
  #change = Promise.withResolvers<void>();

  get isBuffering(): boolean {
    return this.#passing !== undefined;
  }

  /** The fates of the next requests. After them all are answered. */
  decide(fates: readonly RequestFate[]): void {
    this.#fates.push(...fates);
  }

  /** Holds all streams back from now on, or lets them pass. */
  buffer(passing: Passing | undefined): void {
    this.#passing = passing;
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** @param isBuffered Streams are held back, as they are. */
  heal({ isBuffered = false } = {}): void {
    this.#fates = [];
    if (!isBuffered) this.buffer(undefined);
  }

  /** A `fetch` through this gateway. */
  carry(send: typeof fetch): typeof fetch {
    return async (input, init = {}) => {
      const fate = this.#fates.shift() ?? "answer";
      switch (fate) {
        case "answer":
          return await this.#pass(await send(input, init), init.signal!);
        case "garbled":
          return await this.#garble(await send(input, init));
        case "lost":
          throw new TypeError("network error");
        case "silence":
          return await aborted(init.signal!);
        default:
          return ANSWERS[fate]();
      }
    };
  }

  async #garble(answer: Response): Promise<Response> {
    const { status, headers } = answer;
    if (!answer.ok || headers.get("content-type") !== "application/json") return answer;
    this.hasGarbled = true;
    const poll = await answer.json();
    const events = poll.events.with(Math.floor(poll.events.length / 2), {});
    return new Response(JSON.stringify({ ...poll, events }), { status, headers });
  }

  async #pass(answer: Response, signal: AbortSignal): Promise<Response> {
    const { body, status, headers } = answer;
    if (!body || !headers.get("content-type")!.startsWith("text/event-stream")) return answer;
    while (this.#passing === "nothing" && !signal.aborted) {
      await Promise.race([this.#change.promise, aborted(signal).catch(() => {})]);
    }
    if (!signal.aborted) return new Response(this.#passBody(body), { status, headers });
    await body.cancel();
    throw signal.reason;
  }

  /** A body of which the end of the stream, or of the buffering, brings what was held back. */
  #passBody(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    let next: ReturnType<typeof reader.read> | undefined;
    let passed = 0;
    const held: Uint8Array[] = [];
    const mayPass = () => {
      return !this.#passing || this.#passing === "first chunk" && passed === 0;
    };
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        while (true) {
          const chunk = mayPass() && held.shift();
          if (chunk) {
            passed++;
            return controller.enqueue(chunk);
          }
          next ??= reader.read();
          const result = await Promise.race([next, this.#change.promise]);
          if (!result) continue;
          next = undefined;
          if (!result.done) {
            held.push(result.value);
            continue;
          }
          for (const chunk of held) controller.enqueue(chunk);
          return controller.close();
        }
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
  }
}

/** Rejects when the signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
