import { ProtocolClient } from "../../support/protocol_client.ts";

/** Between an end of the connection and the next attempt; a browser waits for `retry:`. */
const RETRY_MS = 30;

/** A client of the function over HTTP that goes away, stalls and comes back as it is told. */
export class StackClient implements AsyncDisposable {
  readonly protocol = new ProtocolClient();
  /** Answers that a client would not understand. */
  readonly refusals: string[] = [];
  connections = 0;
  /** Connections that ended with a `closing`. */
  closings = 0;
  readonly #url: string;
  readonly #token: string;
  readonly #running: Promise<void>;
  #connection = new AbortController();
  #isOnline = true;
  #isReading = true;
  #isDisposed = false;
  #bytesLeft = Infinity;
  #wake = () => {};

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
    this.#running = this.#run();
  }

  break(): void {
    this.#connection.abort();
  }

  breakAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  goOffline(): void {
    this.#isOnline = false;
    this.break();
  }

  goOnline(): void {
    this.#isOnline = true;
    this.#wake();
  }

  stall(): void {
    this.#isReading = false;
  }

  readOn(): void {
    this.#isReading = true;
    this.#bytesLeft = Infinity;
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.break();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isDisposed) {
      if (!this.#isOnline) {
        await this.#change();
        continue;
      }
      this.#connection = new AbortController();
      try {
        await this.#listen(this.#connection.signal);
      } catch {
        // The connection has failed, at either end: that is what this is about.
      }
      if (!this.#isDisposed) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { lastEventId } = this.protocol;
    const response = await fetch(this.#url, {
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(lastEventId && { "last-event-id": lastEventId }),
      },
      signal,
    });
    if (response.status !== 200) {
      const text = await response.text();
      if (response.status !== 503) this.refusals.push(`${response.status} ${text}`);
      return;
    }
    this.protocol.connect();
    this.connections++;
    for await (const bytes of response.body!) {
      while (!this.#isReading && !signal.aborted) await this.#change(signal);
      if (signal.aborted) return;
      this.protocol.receive(bytes.slice(0, this.#bytesLeft));
      this.#bytesLeft -= bytes.length;
      if (this.#bytesLeft > 0) continue;
      this.#bytesLeft = Infinity;
      this.break();
    }
    if (this.protocol.closing !== undefined) this.closings++;
  }

  /** Resolves when something may have changed. */
  #change(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
