import { createParser } from "eventsource-parser";
import { deadline } from "./deadline.ts";
import type { FileState } from "../../client/protocol.ts";

/** A message as a client reads it. */
export interface StreamEvent {
  readonly eventType: string;
  readonly timestamp: string;
  readonly file?: FileState;
  readonly reason?: string;
  readonly id?: string;
  /** Every message of ours is unnamed; here it shows when one isn't. */
  readonly name?: string;
}

export type Predicate = (event: StreamEvent) => boolean;

/** Reads an event stream as fast as it comes, and keeps all of it. */
export class EventStream implements AsyncDisposable {
  readonly response: Response;
  /** All that came, in order. */
  readonly events: StreamEvent[] = [];
  /** All that came, as text. */
  text = "";
  lastEventId = "";
  retry: number | undefined;
  /** Resolves at the stream's end, whoever ended it. */
  readonly ended: Promise<void>;
  #hasEnded = false;
  #taken = 0;
  #arrived = Promise.withResolvers<void>();
  readonly #reader: ReadableStreamDefaultReader<string>;

  private constructor(response: Response) {
    this.response = response;
    this.#reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    this.ended = this.#read();
  }

  static async open(url: string | URL, headers: HeadersInit = {}): Promise<EventStream> {
    return new EventStream(await deadline(fetch(url, { headers }), "response"));
  }

  /** The next message that fulfils `predicate`; those before it are skipped. Fails at the end. */
  async next(predicate: Predicate, what: string, milliseconds = 20_000): Promise<StreamEvent> {
    const find = async () => {
      for (;;) {
        while (this.#taken < this.events.length) {
          const event = this.events[this.#taken++]!;
          if (predicate(event)) return event;
        }
        if (this.#hasEnded) throw new Error(`The stream ended before ${what}; ${this.#heard()}`);
        await this.#arrived.promise;
      }
    };
    try {
      return await deadline(find(), what, milliseconds);
    } catch (error) {
      throw new Error(`${(error as Error).message}; ${this.#heard()}`, { cause: error });
    }
  }

  /** Leaves, as a closed tab does. */
  async close(): Promise<void> {
    // An abort of the request would not end the reading under `--trace-leaks`.
    await this.#reader.cancel().catch(() => {});
    await this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #heard(): string {
    return `heard: ${JSON.stringify(this.events.slice(-5))}`;
  }

  async #read(): Promise<void> {
    const parser = createParser({
      onEvent: ({ id, event, data }) => {
        if (id !== undefined) this.lastEventId = id;
        const more = { ...(id !== undefined && { id }), ...(event && { name: event }) };
        this.events.push({ ...JSON.parse(data), ...more });
      },
      onRetry: (milliseconds) => this.retry = milliseconds,
    });
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.text += value;
        parser.feed(value);
        this.#wake();
      }
    } catch {
      // Cut off, by us or on the way: for a client that is an end like any other.
    }
    this.#hasEnded = true;
    this.#wake();
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }
}
