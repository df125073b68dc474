/** A client's network. It stalls, breaks and is away, as a schedule says. */
export class FaultyNetwork {
  #isOnline = true;
  /** Chunks that the client may still read. */
  #appetite = Infinity;
  /** Nothing is delivered, whatever the appetite. */
  #isPaused = false;
  #bytesLeft = Infinity;
  readonly #requests = new Set<AbortController>();
  #change = Promise.withResolvers<void>();

  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** Requests whose answers have not ended. */
  get requests(): number {
    return this.#requests.size;
  }

  /** A `fetch` through this network. */
  carry(send: typeof fetch): typeof fetch {
    return async (input, init = {}) => {
      if (!this.#isOnline) throw networkError();
      const request = new AbortController();
      this.#requests.add(request);
      const end = () => this.#requests.delete(request);
      init.signal?.addEventListener("abort", end);
      request.signal.addEventListener("abort", end);
      const signal = AbortSignal.any([request.signal, ...(init.signal ? [init.signal] : [])]);
      try {
        const { body, status, headers } = await send(input, { ...init, signal });
        await this.#resumed();
        signal.throwIfAborted();
        return new Response(body && this.#deliver(body, signal, end), { status, headers });
      } catch (error) {
        end();
        await this.#resumed();
        throw error;
      }
    };
  }

  break(): void {
    this.#bytesLeft = Infinity;
    for (const request of this.#requests) request.abort(networkError());
  }

  /** Breaks the connection after so many bytes. */
  breakAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  goOffline(): void {
    this.#isOnline = false;
    this.break();
  }

  goOnline(): void {
    this.#isOnline = true;
  }

  stall(): void {
    this.#appetite = 0;
  }

  /** Delivers so many chunks, if it has stalled. */
  read(chunks: number): void {
    this.#appetite = Number.isFinite(this.#appetite) ? chunks : Infinity;
    this.#wake();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#wake();
  }

  /** Is online from now on, and delivers all. */
  heal(): void {
    this.#isOnline = true;
    this.#appetite = this.#bytesLeft = Infinity;
    this.resume();
  }

  #deliver(
    body: ReadableStream<Uint8Array>,
    signal: AbortSignal,
    onEnd: () => void,
  ): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        signal.addEventListener("abort", async () => {
          reader.cancel().catch(() => {});
          await this.#resumed();
          controller.error(signal.reason);
        });
      },
      pull: async (controller) => {
        while (!signal.aborted && (this.#isPaused || this.#appetite <= 0)) {
          await this.#change.promise;
        }
        if (signal.aborted) return;
        this.#appetite--;
        const { done, value } = await reader.read();
        await this.#resumed();
        if (signal.aborted) return;
        if (done) {
          onEnd();
          return controller.close();
        }
        controller.enqueue(value.slice(0, this.#bytesLeft));
        this.#bytesLeft -= value.length;
        if (this.#bytesLeft <= 0) this.break();
      },
      async cancel() {
        onEnd();
        await reader.cancel();
      },
    }, { highWaterMark: 0 });
  }

  /** A machine that sleeps hears of nothing, not of a break either. */
  async #resumed(): Promise<void> {
    while (this.#isPaused) await this.#change.promise;
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

/** What `fetch` and the body of its answer fail with. */
function networkError(): TypeError {
  return new TypeError("network error");
}
