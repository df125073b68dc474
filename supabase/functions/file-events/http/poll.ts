import type { Clock } from "../clock.ts";
import type { FileStream } from "../stream/file_stream.ts";
import type { MessageWriter } from "../stream/outbox_writer.ts";
import type { StreamMessage } from "../stream/stream_message.ts";
import { JSON_HEADERS } from "./json_headers.ts";
import { Refusal } from "./refusal.ts";

export interface PollOptions {
  /** The cursor that the client came with; `null` if it has none. */
  readonly lastEventId: string | null;
  /** How long the answer is held after `ready` if nothing changes, in milliseconds. */
  readonly waitMs: number;
  /** The answer's `retry`, in milliseconds, unless the stream is closing. */
  readonly retry: number;
  /** Aborts when the client leaves. */
  readonly client: AbortSignal;
  readonly clock: Pick<Clock, "after">;
}

/** A stream whose events leave together, in one answer. The stream ends when they do. */
export interface Poll {
  readonly stream: FileStream;
  /**
   * Rejects with a {@linkcode Refusal} `UPSTREAM_UNAVAILABLE` if there was no event in time, and with
   * an `AbortError` if the client has left.
   */
  readonly response: Promise<Response>;
}

/** Above this the answer leaves: a further page of 500 changes could exceed the 1,000 it may have. */
const ENOUGH_EVENTS = 500;
/** How long the answer waits for `ready`, in milliseconds. */
const READY_TIMEOUT_MS = 20_000;

/** Opens a stream and collects its events until their answer leaves. */
export function openPoll(
  open: (writer: MessageWriter) => FileStream,
  options: PollOptions,
): Poll {
  const answer = new Answer(options);
  const stream = open(answer);
  answer.begin();
  return { stream, response: answer.response };
}

/** Collects the events of a poll, and decides when they leave. */
class Answer implements MessageWriter {
  readonly #options: PollOptions;
  readonly #response = Promise.withResolvers<Response>();
  readonly #closed = Promise.withResolvers<never>();
  /** The JSON of each event. */
  readonly #events: string[] = [];
  /** The last id that came; before that, the cursor that the client came with. */
  #id: string | null;
  /** How many of the events the id covers. */
  #coveredCount = 0;
  /** `ready` has come, and no reset after it. */
  #isReady = false;
  #hasEnded = false;
  /** Cancels the timer at whose end the answer leaves. */
  #cancelTimer = () => {};

  constructor(options: PollOptions) {
    this.#options = options;
    this.#id = options.lastEventId;
    // A stream that has ended while it was opened does not listen.
    this.#closed.promise.catch(() => {});
  }

  get response(): Promise<Response> {
    return this.#response.promise;
  }

  /** Rejects when the answer leaves: the stream has no client any more. */
  get closed(): Promise<never> {
    return this.#closed.promise;
  }

  /** The stream has been opened. */
  begin(): void {
    if (this.#hasEnded) return;
    const { client } = this.#options;
    if (client.aborted) return this.#abandon();
    client.addEventListener("abort", this.#abandon, { once: true });
    if (!this.#isReady) this.#leaveIn(READY_TIMEOUT_MS, { more: true });
  }

  write(message: StreamMessage): Promise<void> {
    if (!this.#hasEnded) this.#collect(message);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #collect(message: StreamMessage): void {
    const { eventType, id, data } = message;
    if (eventType === "closing") return this.#leave({ more: false, closing: message });
    // It voids what came before.
    if (eventType === "reset") this.#events.length = 0;
    // A client that polls needs no sign of life.
    if (eventType !== "heartbeat") this.#events.push(data);
    if (id !== undefined) {
      this.#id = id;
      this.#coveredCount = this.#events.length;
    }
    if (this.#coveredCount > ENOUGH_EVENTS) this.#leave({ more: true });
    else if (eventType === "ready") this.#becomeReady();
    else if (this.#isReady && eventType === "reset") this.#beginAnew();
    else if (this.#isReady && this.#coveredCount > 1) this.#leave({ more: false });
  }

  #becomeReady(): void {
    const { waitMs } = this.#options;
    this.#isReady = true;
    const isNews = this.#events.length > 1;
    if (isNews || waitMs === 0) this.#leave({ more: false });
    else this.#leaveIn(waitMs, { more: false });
  }

  /** Another `ready` follows. */
  #beginAnew(): void {
    this.#isReady = false;
    this.#leaveIn(READY_TIMEOUT_MS, { more: true });
  }

  #leaveIn(ms: number, options: { more: boolean }): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(ms, () => this.#leave(options));
  }

  /** Answers with the events that the id covers, so that the next poll repeats none of them. */
  #leave({ more, closing }: { more: boolean; closing?: StreamMessage }): void {
    this.#end();
    const events = this.#events.slice(0, this.#coveredCount);
    if (closing) events.push(closing.data);
    if (events.length === 0) return this.#response.reject(noAnswer());
    const retry = closing?.retry ?? this.#options.retry;
    const rest = JSON.stringify({ id: this.#id, more, retry });
    const body = `{"events":[${events.join()}],${rest.slice(1)}`;
    this.#response.resolve(new Response(body, { headers: JSON_HEADERS }));
  }

  readonly #abandon = () => {
    this.#end();
    this.#response.reject(new DOMException("The client has left", "AbortError"));
  };

  #end(): void {
    this.#hasEnded = true;
    this.#cancelTimer();
    this.#options.client.removeEventListener("abort", this.#abandon);
    this.#closed.reject(new DOMException("The answer has left", "AbortError"));
  }
}

function noAnswer(): Refusal {
  return new Refusal(
    "UPSTREAM_UNAVAILABLE",
    "The database has not answered in time; try again soon",
  );
}
